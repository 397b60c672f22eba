#include "engine/text/gemma_tokenizer.h"

#include <chrono>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "engine/text/tokenizer_json.h"
#include "tests/engine/text/recorded.h"
#include "tests/expect_broken.h"

namespace stampd::text {
namespace {

namespace fs = std::filesystem;
using stampd::testing::ExpectBroken;
using ::testing::ElementsAre;

const fs::path kFolder = "tests/data/gemma_tokenizer";
const fs::path kDemo = "demo/sana-shapes/tokenizer";
constexpr int kWhole = 1 << 20;
constexpr std::int64_t kBos = 2;

std::string Json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

// A tokenizer's folder that a test may change, by way of its tokenizer.json.
class GemmaTokenizerFiles : public ::testing::Test {
 protected:
  using Change = std::function<void(rapidjson::Document&)>;

  std::unique_ptr<const Tokenizer> LoadChanged(const Change& change) {
    rapidjson::Document json = Recorded("gemma_tokenizer/tokenizer.json");
    change(json);
    folder_.Write("tokenizer.json", Json(json));
    return LoadGemmaTokenizer(folder_.path());
  }

  // As make_gemma_tokenizer.py changes it for the variant of that name.
  std::unique_ptr<const Tokenizer> LoadVariant(const std::string& name) {
    if (name == "older_merges") return LoadChanged(JoinMerges);
    if (name == "added") return LoadChanged(AddTokens);
    return LoadGemmaTokenizer(name == "demo" ? kDemo : kFolder);
  }

  static void JoinMerges(rapidjson::Document& json) {
    for (auto& merge : json["model"]["merges"].GetArray()) {
      const std::string joined = StringOf(merge[0]) + " " + StringOf(merge[1]);
      merge.SetString(joined.c_str(), static_cast<rapidjson::SizeType>(joined.size()), json.GetAllocator());
    }
  }

  static void AddTokens(rapidjson::Document& json) {
    int id = 1100;
    for (const auto& [content, normalized] :
         {std::pair{"<style>", false}, {"in the style of", true}, {"red  fox", true}, {"étoile", true}, {"fox waits", false}}) {
      rapidjson::Value token(json["added_tokens"][0], json.GetAllocator());
      token["id"] = id++;
      token["content"] = rapidjson::StringRef(content);
      token["normalized"] = normalized;
      json["added_tokens"].PushBack(token, json.GetAllocator());
    }
  }

  ScratchFolder folder_;
};

class GemmaTokenizerTest : public ::testing::Test {
 protected:
  std::vector<std::int64_t> Encode(std::string_view text, int max_length = kWhole) const {
    return tokenizer_->Encode(text, max_length);
  }
  std::unique_ptr<const Tokenizer> tokenizer_ = LoadGemmaTokenizer(kFolder);
};

TEST_F(GemmaTokenizerFiles, GiveTheIdsOfTransformers) {
  const rapidjson::Document golden = Recorded("gemma_tokenizer.json");
  int prompts = 0;
  for (const auto& variant : golden["variants"].GetArray()) {
    const std::string name = StringOf(variant["name"]);
    const auto tokenizer = LoadVariant(name);
    for (const auto& recorded : variant["cases"].GetArray()) {
      std::vector<std::int64_t> expected;
      for (const auto& id : recorded["ids"].GetArray()) expected.push_back(id.GetInt64());
      const std::string text = StringOf(recorded["text"]);
      EXPECT_EQ(tokenizer->Encode(text, kWhole), expected) << name << ": " << Escaped(text.substr(0, 200));
      ++prompts;
    }
  }
  EXPECT_GE(prompts, 600);
}

TEST_F(GemmaTokenizerTest, BeginsWithTheBeginAndKeepsTheFirstIds) {
  const std::vector<std::int64_t> whole = Encode("a red fox waits under a bridge");
  ASSERT_GT(whole.size(), 5u);
  EXPECT_EQ(whole[0], kBos);
  EXPECT_THAT(Encode("a red fox waits under a bridge", 3), ElementsAre(kBos, whole[1], whole[2]));
  EXPECT_THAT(Encode("<unused5><unused5>", 2), ElementsAre(kBos, whole.size() > 0 ? Encode("<unused5>")[1] : 0));
  EXPECT_THAT(Encode("a red fox", 1), ElementsAre(kBos));
  EXPECT_THAT(Encode("a red fox", 0), ElementsAre(kBos));
  EXPECT_THAT(Encode(""), ElementsAre(kBos));
}

TEST_F(GemmaTokenizerTest, KnowsHowManyIdsThereAre) {
  EXPECT_EQ(tokenizer_->vocabulary(), 1100);
  EXPECT_EQ(LoadGemmaTokenizer(kDemo)->vocabulary(), 1024);
}

TEST_F(GemmaTokenizerTest, SeesInvalidBytesAsReplacementCharacters) {
  EXPECT_EQ(Encode("a fox \xFF\xC3 b"), Encode("a fox \uFFFD\uFFFD b"));
  EXPECT_EQ(Encode("\xED\xA0\x80<bos>x"), Encode("\uFFFD\uFFFD\uFFFD<bos>x"));
}

TEST_F(GemmaTokenizerTest, BearsAnyBytes) {
  std::mt19937 random(11);
  const std::string pieces[] = {"<bos>", "<unused", "5>", "\n\n", "\xE2\x96\x81", "  ", "\xEF\xBC"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (unsigned n = random() % 40; n > 0; --n) {
      text += random() % 3 == 0 ? pieces[random() % std::size(pieces)] : std::string(1, static_cast<char>(random()));
    }
    for (const std::int64_t id : Encode(text)) ASSERT_TRUE(id >= 0 && id < tokenizer_->vocabulary()) << id;
  }
}

// The bound is generous for a sanitized build; anything quadratic takes minutes.
TEST_F(GemmaTokenizerTest, TakesAMebibyteInItsStride) {
  const std::size_t size = 1 << 20;
  std::string words, tokens;
  while (words.size() < size) words += "a red fox, ";
  while (tokens.size() < size) tokens += "<unused7> x";
  for (const std::string& text : {words, std::string(size, 'a'), std::string(size, ' '), std::string(size, '\n'),
                                  std::string(size, '\x80'), std::string(size, '\0'), tokens}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_LE(Encode(text, 300).size(), 300u);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 10) << Escaped(text.substr(0, 20));
    RecordProperty("seconds_" + std::to_string(static_cast<unsigned char>(text[0])) + "_" + std::to_string(text.size()),
                   std::to_string(seconds.count()));
  }
}

TEST_F(GemmaTokenizerTest, ServesSeveralThreadsAtOnce) {
  const std::string text = "an old lighthouse <end_of_turn> \xE7\x8B\x90 near the river";
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

TEST_F(GemmaTokenizerFiles, MayNameAnotherTokenForTheBegin) {
  fs::copy(kFolder / "tokenizer.json", folder_.path());
  folder_.Write("tokenizer_config.json", R"({"bos_token": {"content": "<eos>", "lstrip": false}})");
  EXPECT_THAT(LoadGemmaTokenizer(folder_.path())->Encode("", kWhole), ElementsAre(1));
  folder_.Write("tokenizer_config.json", R"({"bos_token": "<begin>"})");
  ExpectBroken([&] { LoadGemmaTokenizer(folder_.path()); }, {"tokenizer_config.json: bos_token", "\"<begin>\""});
}

TEST_F(GemmaTokenizerFiles, AreRefusedIfTheyAddOtherIds) {
  fs::copy(kFolder / "tokenizer.json", folder_.path());
  folder_.Write("tokenizer_config.json", R"({"add_bos_token": false})");
  ExpectBroken([&] { LoadGemmaTokenizer(folder_.path()); }, {"add_bos_token: expected true, found false"});
  folder_.Write("tokenizer_config.json", R"({"add_eos_token": true})");
  ExpectBroken([&] { LoadGemmaTokenizer(folder_.path()); }, {"add_eos_token: expected false, found true"});
}

TEST_F(GemmaTokenizerFiles, AreRefusedByKeyIfTheyAreNotOfTheKind) {
  const auto refused = [&](const Change& change, std::initializer_list<std::string> parts) {
    ExpectBroken([&] { LoadChanged(change); }, parts);
  };
  refused([](auto& json) { json["model"]["type"] = "Unigram"; }, {"tokenizer.json: model.type", "\"Unigram\""});
  refused([](auto& json) { json["model"]["byte_fallback"] = false; }, {"byte_fallback: expected true, found false"});
  refused([](auto& json) { json["model"]["ignore_merges"] = true; }, {"ignore_merges: expected false, found true"});
  refused([](auto& json) { json["model"]["continuing_subword_prefix"] = "##"; }, {"continuing_subword_prefix", "\"##\""});
  refused([](auto& json) { json["normalizer"].SetNull(); }, {"normalizer", "found none"});
  refused([](auto& json) { json["normalizer"]["content"] = "_"; }, {"normalizer"});
  refused([](auto& json) { json["pre_tokenizer"]["type"] = "Digits"; }, {"pre_tokenizer"});
  refused([](auto& json) { json["model"].RemoveMember("vocab"); }, {"vocab: expected an object, found none"});
  refused([](auto& json) { json["model"]["vocab"]["<0xE7>"] = -4; }, {"vocab", "the number -4"});
  refused([](auto& json) { json["model"]["vocab"].RemoveMember("<0xE7>"); }, {"a piece \"<0xE7>\""});
  refused([](auto& json) { json["model"]["vocab"].RemoveMember("\t"); }, {"a piece \"<0x09>\""});
  refused([](auto& json) { json["model"]["vocab"].RemoveMember("▁▁"); }, {"merges", "\"▁▁\""});
  refused([](auto& json) { json["model"]["merges"][5].PopBack(); }, {"merges: expected two pieces, found a list of 1"});
  refused([](auto& json) { json["model"]["merges"][5] = "a b c"; }, {"merges", "\"a b c\""});
  refused([](auto& json) { json["added_tokens"][3]["lstrip"] = true; }, {"lstrip: expected false, found true"});
  refused([](auto& json) { json["added_tokens"][3]["id"] = "x"; }, {"id: expected an id, found the string \"x\""});
  refused([](auto& json) { json["added_tokens"][3] = 7; }, {"content"});
  refused([](auto& json) { json.SetArray(); }, {"model: expected an object"});
}

TEST_F(GemmaTokenizerFiles, AreNamedWhenMissing) {
  ExpectBroken([&] { LoadGemmaTokenizer("tests/data/no-such-folder"); }, {"[tokenizer] tests/data/no-such-folder/tokenizer.json"});
}

}  // namespace
}  // namespace stampd::text
