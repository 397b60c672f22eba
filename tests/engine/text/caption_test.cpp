#include "engine/text/caption.h"

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/engine/text/recorded.h"

namespace stampd::text {
namespace {

TEST(LowerAndStrip, EqualsPython) {
  const rapidjson::Document golden = Recorded("captions.json");
  for (const auto& recorded : golden["cases"].GetArray()) {
    const std::string text = StringOf(recorded["text"]);
    EXPECT_EQ(Escaped(LowerAndStrip(text)), Escaped(StringOf(recorded["stripped"]))) << Escaped(text);
  }
}

TEST(LowerAndStrip, KnowsTheFinalSigmaAndTheDottedI) {
  EXPECT_EQ(LowerAndStrip("ΟΔΥΣΣΕΥΣ ΣΑΣ Σ"), "οδυσσευς σας σ");
  EXPECT_EQ(LowerAndStrip("İSTANBUL"), "i\u0307stanbul");
}

TEST(LowerAndStrip, ReplacesInvalidBytes) { EXPECT_EQ(LowerAndStrip(" A\xFFZ\xE7\x8B "), "a\uFFFDz\uFFFD"); }

TEST(CleanCaption, EqualsDiffusersWithoutFtfy) {
  const rapidjson::Document golden = Recorded("captions.json");
  const auto& cases = golden["cases"].GetArray();
  EXPECT_GE(cases.Size(), 350u);
  for (const auto& recorded : cases) {
    const std::string text = StringOf(recorded["text"]);
    EXPECT_EQ(Escaped(CleanCaption(text)), Escaped(StringOf(recorded["cleaned"]))) << Escaped(text);
  }
}

// The day that this does what ftfy does, the recorded cases can be made with it.
TEST(CleanCaption, LeavesToItselfWhatFtfyWouldMend) {
  const rapidjson::Document golden = Recorded("captions.json");
  for (const auto& recorded : golden["mended"].GetArray()) {
    const std::string text = StringOf(recorded["text"]);
    EXPECT_EQ(Escaped(CleanCaption(text)), Escaped(StringOf(recorded["cleaned"]))) << Escaped(text);
    EXPECT_NE(CleanCaption(text), StringOf(recorded["by_ftfy"])) << Escaped(text);
  }
}

TEST(CleanCaption, TakesMarkupThatTheReferenceDiesOfAsAComment) {
  EXPECT_EQ(CleanCaption("a <![foo[b> c"), "a c");
  EXPECT_EQ(CleanCaption("a <![[b]> c"), "a c");
}

TEST(CleanCaption, ReadsTheFirst16KibibytesAndWholeCharacters) {
  const std::string long_text = std::string(16383, 'a') + "\u00E9" + std::string(100, 'b');
  EXPECT_EQ(CleanCaption(long_text), std::string(16383, 'a'));
}

TEST(CleanCaption, BearsAnyBytes) {
  std::mt19937 random(5);
  const std::string pieces[] = {"<",  ">",        "&",     "&#",   "<!--",  "</",  "='",       "%E7",
                                "a1", "\xED\xA0", "free ", ".jpg", "<pre>", "]]>", "<![cdata["};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (unsigned n = random() % 60; n > 0; --n) {
      text += random() % 2 == 0 ? pieces[random() % std::size(pieces)] : std::string(1, static_cast<char>(random()));
    }
    CleanCaption(text);
    LowerAndStrip(text);
  }
}

// Generous for a sanitized build: what is not bounded takes minutes.
TEST(CleanCaption, BoundsItsWorkOnTextsMadeToTakeLong) {
  for (const std::string piece : {"a.", "a-", "1", "a1", "<a ", "<a b='", "</a", "<!--", "<![cdata[]", "&a", "&#", "\"'", " ", " .",
                                  "free ", "%e7", "x/", "@"}) {
    std::string text;
    while (text.size() < 1 << 20) text += piece;
    const auto start = std::chrono::steady_clock::now();
    CleanCaption(text);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 20) << piece;
    RecordProperty("seconds_" + Escaped(piece), std::to_string(seconds.count()));
  }
}

TEST(CleanCaption, ServesSeveralThreadsAtOnce) {
  const std::string text = "<b>Fox</b> &amp; www.example.com/x hare, photo.jpg 10x20 a1b2c3 #123";
  const std::string expected = CleanCaption(text);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) wrong += CleanCaption(text) != expected;
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace stampd::text
