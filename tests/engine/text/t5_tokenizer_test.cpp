#include "engine/text/t5_tokenizer.h"

#include <chrono>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "tests/engine/text/recorded.h"

namespace stampd::text {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kFolder = "tests/data/tokenizer";
constexpr int kLength = 300;

std::vector<std::int64_t> Ids(const rapidjson::Value& list) {
  std::vector<std::int64_t> ids;
  for (const auto& id : list.GetArray()) ids.push_back(id.GetInt64());
  return ids;
}

std::string Json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

std::string BrokenBy(const fs::path& folder) {
  try {
    T5Tokenizer::Load(folder);
  } catch (const Broken& error) {
    return error.what();
  }
  return "nothing thrown";
}

// A tokenizer's folder that a test may spoil.
class T5TokenizerFiles : public testing::Test {
 protected:
  T5TokenizerFiles() { fs::copy(kFolder / "spiece.model", folder_.path()); }
  ScratchFolder folder_;
};

class T5TokenizerTest : public testing::Test {
 protected:
  std::vector<std::int64_t> Encode(std::string_view text, int max_length = kLength) const {
    return tokenizer_->Encode(text, max_length);
  }
  std::unique_ptr<const T5Tokenizer> tokenizer_ = T5Tokenizer::Load(kFolder);
};

TEST_F(T5TokenizerFiles, GiveTheIdsOfTransformersWhateverTheFolderHolds) {
  const rapidjson::Document golden = Recorded("tokenizer.json");
  int prompts = 0;
  int equal_to_both = 0;
  for (const auto& variant : golden["variants"].GetArray()) {
    ScratchFolder scratch;
    const bool is_stored = variant["files"].ObjectEmpty() && StringOf(variant["name"]) == "current";
    fs::copy(kFolder / "spiece.model", scratch.path());
    for (const auto& file : variant["files"].GetObject()) scratch.Write(StringOf(file.name), Json(file.value));
    const auto tokenizer = T5Tokenizer::Load(is_stored ? kFolder : scratch.path());
    for (const auto& recorded : variant["cases"].GetArray()) {
      const std::string text = StringOf(recorded["text"]);
      EXPECT_EQ(tokenizer->Encode(text, golden["max_length"].GetInt()), Ids(recorded["ids"]))
          << StringOf(variant["name"]) << ": " << Escaped(text);
      ++prompts;
      equal_to_both += !recorded.HasMember("fast_ids");
    }
  }
  EXPECT_GE(prompts, 250);
  EXPECT_GE(equal_to_both, 250);
}

TEST_F(T5TokenizerTest, KnowsItsSpecialIds) {
  EXPECT_EQ(tokenizer_->pad_id(), 0);
  EXPECT_EQ(tokenizer_->eos_id(), 1);
  EXPECT_EQ(tokenizer_->vocabulary(), 2100);
  EXPECT_THAT(Encode("<extra_id_0><extra_id_99><unk><pad>"), ElementsAre(2099, 2000, 2, 0, 1));
}

TEST_F(T5TokenizerTest, KeepsTheFirstIdsAndTheEnd) {
  const std::vector<std::int64_t> whole = Encode("a red fox waits under a bridge");
  ASSERT_GT(whole.size(), 5u);
  EXPECT_THAT(Encode("a red fox waits under a bridge", 4), ElementsAre(whole[0], whole[1], whole[2], 1));
  EXPECT_THAT(Encode("a red fox", 1), ElementsAre(1));
  EXPECT_THAT(Encode("a red fox", 0), ElementsAre(1));
}

TEST_F(T5TokenizerTest, SeesInvalidBytesAsReplacementCharacters) {
  EXPECT_EQ(Encode("a fox \xFF\xC3 b"), Encode("a fox \uFFFD\uFFFD b"));
  EXPECT_EQ(Encode("\xED\xA0\x80</s>x"), Encode("\uFFFD\uFFFD\uFFFD</s>x"));
}

TEST_F(T5TokenizerTest, BearsAnyBytes) {
  std::mt19937 random(11);
  const std::string pieces[] = {"<pad>", "</s>", "<extra_id_9", ">", "\xE2\x96\x81", " ", "\xEF\xBC"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (unsigned n = random() % 40; n > 0; --n) {
      text += random() % 3 == 0 ? pieces[random() % std::size(pieces)] : std::string(1, static_cast<char>(random()));
    }
    const std::vector<std::int64_t> ids = Encode(text, 20);
    ASSERT_LE(ids.size(), 20u);
    ASSERT_EQ(ids.back(), tokenizer_->eos_id());
    for (const std::int64_t id : ids) ASSERT_TRUE(id >= 0 && id < tokenizer_->vocabulary()) << id;
  }
}

TEST_F(T5TokenizerTest, TakesAnEndlessRunOfUnknownCharactersAsOneId) {
  for (const std::string unknown : {"<", "\u72D0", "<>", "<\u00AD", "\u0301"}) {
    const std::string few = "a fox " + unknown + unknown + unknown;
    std::string many = few;
    while (many.size() < 100000) many += unknown;
    EXPECT_EQ(Encode(many + " fox bridge"), Encode(few + " fox bridge")) << Escaped(unknown);
    EXPECT_EQ(Encode(many + "</s>" + many), Encode(few + "</s>" + few)) << Escaped(unknown);
  }
}

// The bound is generous for a sanitized build; anything quadratic takes minutes.
TEST_F(T5TokenizerTest, TakesAMebibyteInItsStride) {
  const std::size_t size = 1 << 20;
  std::string words;
  std::string sentinels;
  while (words.size() < size) words += "a red fox, ";
  while (sentinels.size() < size) sentinels += "<extra_id_7> x";
  for (const std::string& text : {words, std::string(size, 'a'), std::string(size, ' '), std::string(size, '<'),
                                  std::string(size, '\x80'), std::string(size, '\0'), sentinels}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_LE(Encode(text).size(), 300u);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 10) << Escaped(text.substr(0, 20));
    RecordProperty("seconds_" + std::to_string(static_cast<unsigned char>(text[0])) + "_" + std::to_string(text.size()),
                   std::to_string(seconds.count()));
  }
}

TEST_F(T5TokenizerTest, ServesSeveralThreadsAtOnce) {
  const std::string text = "an old lighthouse </s> \xE7\x8B\x90 near the river";
  const std::vector<std::int64_t> expected = Encode(text);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) wrong += Encode(text) != expected;
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(T5TokenizerLoad, NamesTheModelFileThatIsMissing) {
  EXPECT_THAT(BrokenBy("tests/data/no-such-folder"), HasSubstr("[tokenizer] tests/data/no-such-folder/spiece.model"));
}

TEST_F(T5TokenizerFiles, AreBrokenWithAModelThatIsCutEmptyOrNoise) {
  const fs::path model = folder_.path() / "spiece.model";
  std::mt19937 random(3);
  std::string noise(5000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  for (const std::string& content : {std::string(), noise, std::string("{}"), std::string(100, '\0')}) {
    folder_.Write("spiece.model", content);
    EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr(model.string())) << Escaped(content.substr(0, 10));
  }
  fs::copy(kFolder / "spiece.model", folder_.path(), fs::copy_options::overwrite_existing);
  fs::resize_file(model, 100000);
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr(model.string()));
}

TEST_F(T5TokenizerFiles, AreBrokenWithAConfigThatContradictsItself) {
  folder_.Write("tokenizer_config.json", R"({"extra_ids": 100, "additional_special_tokens": ["<extra_id_0>"]})");
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr("extra_ids: expected the 1 sentinels"));
  folder_.Write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<a>"}}})");
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr("expected an id as key, found \"x\""));
  folder_.Write("tokenizer_config.json", R"({"added_tokens_decoder": {"-1": {"content": "<a>"}}})");
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr("found -1"));
  folder_.Write("tokenizer_config.json", R"({"added_tokens_decoder": {"7": {"content": 7}}})");
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr("tokenizer_config.json"));
  folder_.Write("tokenizer_config.json", "[");
  EXPECT_THAT(BrokenBy(folder_.path()), HasSubstr("tokenizer_config.json"));
}

TEST_F(T5TokenizerFiles, MayNameOtherTokensForEndAndPadding) {
  folder_.Write("special_tokens_map.json", R"({"eos_token": {"content": "<end>", "lstrip": true}, "pad_token": "</s>"})");
  const auto tokenizer = T5Tokenizer::Load(folder_.path());
  EXPECT_EQ(tokenizer->eos_id(), 2100);
  EXPECT_EQ(tokenizer->pad_id(), 1);
  EXPECT_EQ(tokenizer->vocabulary(), 2101);
  EXPECT_EQ(tokenizer->Encode("a \t<end>", kLength), tokenizer->Encode("a", kLength));
}

}  // namespace
}  // namespace stampd::text
