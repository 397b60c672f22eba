#include "engine/io/config.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;
using ::testing::ElementsAre;

Config Parse(std::string_view json) { return Config::Parse(json, "config.json"); }

TEST(ConfigTest, AcceptsWhatPythonWritesBeyondTheStandard) {
  const Config config = Parse(R"({"low": -Infinity, "high": Infinity, "none": NaN})");
  EXPECT_EQ(config.Double("low"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(config.Double("high"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(config.Double("none")));
}

TEST(ConfigTest, ReadsEveryKind) {
  const Config config = Parse(
      R"({"b": true, "i": -7, "d": 0.13025, "s": "silu", "ii": [128, 256], "dd": [1, 2.5], "ss": ["a", "b"], "iii": [[], [5, 3]]})");
  EXPECT_TRUE(config.Bool("b"));
  EXPECT_EQ(config.Int("i"), -7);
  EXPECT_EQ(config.Double("d"), 0.13025);
  EXPECT_EQ(config.String("s"), "silu");
  EXPECT_THAT(config.Ints("ii"), ElementsAre(128, 256));
  EXPECT_THAT(config.Doubles("dd"), ElementsAre(1.0, 2.5));
  EXPECT_THAT(config.Strings("ss"), ElementsAre("a", "b"));
  EXPECT_THAT(config.IntLists("iii"), ElementsAre(ElementsAre(), ElementsAre(5, 3)));
  EXPECT_TRUE(config.IsList("ss"));
  EXPECT_FALSE(config.IsList("s") || config.IsList("no such key"));
  EXPECT_THAT(config.keys(), ElementsAre("b", "d", "dd", "i", "ii", "iii", "s", "ss"));
}

TEST(ConfigTest, WholeFloatsAreIntegersAndIntegersAreNumbers) {
  const Config config = Parse(R"({"two": 2.0, "big": 9007199254740993, "least": -9223372036854775808, "scale": 2})");
  EXPECT_EQ(config.Int("two"), 2);
  EXPECT_EQ(config.Int("big"), 9007199254740993);  // 2^53 + 1 has no double
  EXPECT_EQ(config.Int("least"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(config.Double("scale"), 2.0);
}

TEST(ConfigTest, NullCountsAsAbsentWhereSomethingStandsIn) {
  const Config config = Parse(R"({"n": null})");
  EXPECT_TRUE(config.Has("n"));
  EXPECT_EQ(config.Int("n", 3), 3);
  EXPECT_EQ(config.String("n", "x"), "x");
  EXPECT_THAT(config.Ints("n", std::vector<std::int64_t>{1}), ElementsAre(1));
  EXPECT_EQ(config.OptionalInt("n"), std::nullopt);
  EXPECT_EQ(config.OptionalDouble("n"), std::nullopt);
  EXPECT_EQ(config.OptionalBool("n"), std::nullopt);
  EXPECT_EQ(config.OptionalString("n"), std::nullopt);
  EXPECT_TRUE(config.Object("n").keys().empty());
  EXPECT_TRUE(config.Objects("n").empty());
  ExpectBroken([&] { config.Int("n"); }, {"config.json: n:", "found null"});
}

TEST(ConfigTest, AbsentKeysTakeTheFallbackOrAreRefused) {
  const Config config = Parse("{}");
  EXPECT_FALSE(config.Has("sample_size"));
  EXPECT_EQ(config.Double("sample_size", 0.5), 0.5);
  EXPECT_EQ(config.OptionalInt("sample_size"), std::nullopt);
  EXPECT_FALSE(config.Object("quantization_config").Has("quant_method"));
  ExpectBroken([&] { config.Int("sample_size"); },
               {"[config] config.json: sample_size: expected a whole number", "found no such key"});
  ExpectBroken([&] { config.Strings("blocks"); }, {"blocks: expected a list, found no such key"});
}

TEST(ConfigTest, AFallbackDoesNotHideAWrongKind) {
  const Config config = Parse(R"({"n": "four"})");
  ExpectBroken([&] { config.Int("n", 4); }, {"n: expected a whole number", R"(found the string "four")"});
  ExpectBroken([&] { config.OptionalInt("n"); }, {"n: expected a whole number", R"(found the string "four")"});
}

constexpr std::string_view kLetters[] = {"a", "b"};

TEST(ConfigTest, ChoicesAreThePlaceOfTheirName) {
  EXPECT_EQ(Parse(R"({"k": "a"})").OneOf("k", kLetters), 0u);
  EXPECT_EQ(Parse(R"({"k": "b"})").OneOf("k", kLetters), 1u);
}

struct WrongKind {
  const char* json;
  std::function<void(const Config&)> read;
  const char* expected;
  const char* found;
};

TEST(ConfigTest, EveryWrongKindIsNamed) {
  const WrongKind cases[] = {
      {R"({"k": 1})", [](const Config& c) { c.Bool("k"); }, "expected true or false", "found the number 1"},
      {R"({"k": true})", [](const Config& c) { c.Int("k"); }, "expected a whole number", "found true"},
      {R"({"k": 2.5})", [](const Config& c) { c.Int("k"); }, "expected a whole number", "found the number 2.5"},
      {R"({"k": 9223372036854775808})", [](const Config& c) { c.Int("k"); }, "of 64 bits", "9223372036854775808"},
      {R"({"k": 1e19})", [](const Config& c) { c.Int("k"); }, "of 64 bits", "found the number 1e+19"},
      {R"({"k": Infinity})", [](const Config& c) { c.Int("k"); }, "expected a whole number", "found the number inf"},
      {R"({"k": NaN})", [](const Config& c) { c.Int("k"); }, "expected a whole number", "found the number nan"},
      {R"({"k": "2"})", [](const Config& c) { c.Double("k"); }, "expected a number", R"(found the string "2")"},
      {R"({"k": [1]})", [](const Config& c) { c.String("k"); }, "expected a string", "found a list of 1"},
      {R"({"k": {}})", [](const Config& c) { c.Ints("k"); }, "expected a list", "found an object"},
      {R"({"k": [[1], 2]})", [](const Config& c) { c.IntLists("k"); }, "k[1]: expected a list of whole numbers",
       "found the number 2"},
      {R"({"k": [[1, "2"]]})", [](const Config& c) { c.IntLists("k"); }, "k[0]: expected a list of whole numbers",
       "found a list of 2"},
      {R"({"k": [1, 2.5]})", [](const Config& c) { c.Ints("k"); }, "k[1]: expected a whole number", "found the number 2.5"},
      {R"({"k": [1, null]})", [](const Config& c) { c.Doubles("k"); }, "k[1]: expected a number", "found null"},
      {R"({"k": ["a", false]})", [](const Config& c) { c.Strings("k"); }, "k[1]: expected a string", "found false"},
      {R"({"k": 3})", [](const Config& c) { c.Object("k"); }, "expected an object", "found the number 3"},
      {R"({"k": {}})", [](const Config& c) { c.Objects("k"); }, "expected a list of objects", "found an object"},
      {R"({"k": [{}, 4]})", [](const Config& c) { c.Objects("k"); }, "k[1]: expected an object", "found the number 4"},
      {R"({"k": "c"})", [](const Config& c) { c.OneOf("k", kLetters); }, R"(expected one of "a", "b")", R"(found the string "c")"},
      {R"({"k": 1})", [](const Config& c) { c.OneOf("k", kLetters); }, R"(expected one of "a", "b")", "found the number 1"},
      {R"({})", [](const Config& c) { c.OneOf("k", kLetters); }, R"(expected one of "a", "b")", "found no such key"},
  };
  for (const WrongKind& wrong : cases) {
    SCOPED_TRACE(wrong.json);
    ExpectBroken([&] { wrong.read(Parse(wrong.json)); }, {"[config] config.json: k", wrong.expected, wrong.found});
  }
}

TEST(ConfigTest, NestedObjectsOutliveTheirParentAndNameTheirPath) {
  const Config inner = Parse(R"({"a": {"b": {"bits": "four"}}})").Object("a").Object("b");
  EXPECT_EQ(inner.String("bits"), "four");
  EXPECT_EQ(inner.file(), "config.json");
  ExpectBroken([&] { inner.Int("bits"); }, {"config.json: a.b.bits: expected a whole number"});
}

TEST(ConfigTest, ObjectsOfAListOutliveItAndNameTheirPath) {
  const std::vector<Config> layers = Parse(R"({"a": {"layers": [{"bits": 4}, {"bits": "four"}]}})").Object("a").Objects("layers");
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].Int("bits"), 4);
  ExpectBroken([&] { layers[1].Int("bits"); }, {"config.json: a.layers[1].bits: expected a whole number"});
}

TEST(ConfigTest, TheLastOfEqualKeysCountsAsInPython) { EXPECT_EQ(Parse(R"({"k": 1, "k": 2})").Int("k"), 2); }

TEST(ConfigTest, KeysMayHoldAnything) {
  const Config config = Parse("{\"\": 1, \"a\\u0000b\": 2, \"\xc3\xa9\": 3}");
  EXPECT_EQ(config.Int(""), 1);
  EXPECT_EQ(config.Int(std::string_view("a\0b", 3)), 2);
  EXPECT_EQ(config.Int("é"), 3);
}

TEST(ConfigTest, TextThatIsNotAnObjectIsRefused) {
  for (const char* text : {"", "  ", "[1]", "3", "null", "\"x\"", "{", "{\"a\":}", "{\"a\":1,}", "{} {}", "{'a': 1}",
                           "{\"a\": \"\xff\"}", "{\"a\": \"\xc0\x80\"}", "{\"a\": 1e999}"}) {
    SCOPED_TRACE(text);
    ExpectBroken([&] { Parse(text); }, {"[config] config.json: expected"});
  }
}

TEST(ConfigTest, AByteOrderMarkIsSkipped) { EXPECT_EQ(Parse("\xef\xbb\xbf{\"k\": 1}").Int("k"), 1); }

TEST(ConfigTest, ANulByteDoesNotEndTheText) {
  ExpectBroken([] { Parse(std::string_view("{}\0{]", 5)); }, {"found a NUL byte at 2"});
}

TEST(ConfigTest, DeepNestingIsRefusedAndCostsNoStack) {
  ExpectBroken([] { Parse("{\"a\":" + std::string(10'000'000, '[')); }, {"nested at most 64 deep"});
  std::string just_right = "{\"a\":" + std::string(63, '[') + std::string(63, ']') + "}";
  EXPECT_TRUE(Parse(just_right).Has("a"));
  EXPECT_EQ(Parse(R"({"a": "[[\"[[\\"})").String("a"), R"([["[[\)");
}

TEST(ConfigTest, FilesAreReadAndNamed) {
  const TemporaryFolder folder;
  const auto file = folder.Write("config.json", R"({"k": 1})");
  EXPECT_EQ(Config::Read(file).Int("k"), 1);
  EXPECT_EQ(Config::Read(file).file(), file.string());
}

TEST(ConfigTest, FilesThatCantBeReadAreNamed) {
  const TemporaryFolder folder;
  ExpectBroken([&] { Config::Read(folder.path() / "none.json"); }, {"[config]", "none.json", "No such file"});
  ExpectBroken([&] { Config::Read(folder.path()); }, {folder.path().string(), "a directory"});
  const auto huge = folder.Write("huge.json", "{}");
  std::filesystem::resize_file(huge, (16 << 20) + 1);
  ExpectBroken([&] { Config::Read(huge); }, {"huge.json", "expected at most 16777216 bytes, found 16777217"});
}

}  // namespace
}  // namespace stampd::io
