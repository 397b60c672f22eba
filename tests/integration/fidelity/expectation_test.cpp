#include "tests/integration/fidelity/expectation.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "tests/client/scratch_folder.h"

namespace stampd::fidelity {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<Expectation> Read(const std::string& text) {
  const client::ScratchFolder folder;
  std::ofstream(folder.file("prompts.jsonl")) << text;
  return ReadExpectations(folder.file("prompts.jsonl"));
}

constexpr char kSingle[] =
    R"({"prompt": "a red ring", "seed": 18446744073709551615, "objects": [{"shape": "ring", "colour": "red"}], "row": "top", "column": "left"})";
constexpr char kPair[] =
    R"({"prompt": "é", "seed": 8, "objects": [{"shape": "star", "colour": "white"}, {"shape": "ring", "colour": "red"}], "relation": "above"})";

TEST(ExpectationTest, ReadsOneObjectAndTwo) {
  const std::vector<Expectation> read = Read(std::string(kSingle) + "\n\n" + kPair + "\n");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_FALSE(read[0].IsPair());
  EXPECT_EQ(read[0].prompt, "a red ring");
  EXPECT_EQ(read[0].seed, 18446744073709551615U);
  EXPECT_EQ(read[0].objects[0].colour + " " + read[0].objects[0].shape, "red ring");
  EXPECT_EQ(read[0].row + " " + read[0].column, "top left");
  EXPECT_TRUE(read[1].IsPair());
  EXPECT_EQ(read[1].prompt, "é");
  EXPECT_EQ(read[1].objects[1].colour + " " + read[1].objects[1].shape, "red ring");
  EXPECT_EQ(read[1].relation, "above");
}

std::string With(const std::string& text, const std::string& old_part, const std::string& new_part) {
  std::string changed = text;
  return changed.replace(changed.find(old_part), old_part.size(), new_part);
}

TEST(ExpectationTest, RefusesEverythingElse) {
  const auto refusal = [](const std::string& part) { return ThrowsMessage<Broken>(HasSubstr(part)); };
  EXPECT_THAT([] { Read(""); }, refusal("found none"));
  EXPECT_THAT([] { ReadExpectations("nosuch.jsonl"); }, refusal("nosuch.jsonl: cannot be opened"));
  EXPECT_THAT([] { Read(std::string(kPair) + "\nnonsense"); }, refusal("line 2: expected JSON"));
  EXPECT_THAT([] { Read("[1]"); }, refusal("line 1: expected a member \"prompt\""));
  EXPECT_THAT([] { Read(With(kSingle, "\"a red ring\"", "3")); }, refusal("prompt: expected a string, found the number 3"));
  EXPECT_THAT([] { Read(With(kPair, "8", "-8")); }, refusal("seed: expected a whole number, found the number -8"));
  EXPECT_THAT([] { Read(With(kSingle, "red\"}", "pink\"}")); }, refusal("found \"pink\""));
  EXPECT_THAT([] { Read(With(kSingle, "\"ring\"", "\"cube\"")); }, refusal("found \"cube\""));
  EXPECT_THAT([] { Read(With(kSingle, "top", "upper")); }, refusal("row: expected \"top\" \"middle\" \"bottom\", found \"upper\""));
  EXPECT_THAT([] { Read(With(kPair, "above", "below")); }, refusal("found \"below\""));
  EXPECT_THAT([] { Read(With(kPair, "relation", "row")); }, refusal("expected a member \"relation\""));
  EXPECT_THAT([] { Read(With(kSingle, "[{\"shape\": \"ring\", \"colour\": \"red\"}]", "[]")); },
              refusal("objects: expected a list of 1 or 2, found a list of 0"));
}

}  // namespace
}  // namespace stampd::fidelity
