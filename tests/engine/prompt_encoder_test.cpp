#include "engine/prompt_encoder.h"

#include <gtest/gtest.h>

#include "engine/io/config.h"
#include "engine/models/registry.h"
#include "tests/golden.h"

namespace stampd {
namespace {

using testing::ExpectClose;
using testing::Golden;

PromptEncoder SanaPrompts(std::string instruction) {
  return {text::LoadTokenizer({"tokenizer", "transformers", "GemmaTokenizer", "tests/data/gemma_tokenizer"}),
          models::LoadTextEncoder({"text_encoder", "transformers", "Gemma2Model", "tests/data/sana_prompts"}, torch::kFloat32,
                                  torch::kCPU),
          300, std::move(instruction)};
}

TEST(PromptEncoderTest, ReadsPromptsBehindAnInstructionAsDiffusersDoes) {
  const Golden golden("sana_prompts/golden");
  const io::Config recorded = io::Config::Read("tests/data/sana_prompts/cases.json");
  int cases = 0;
  for (const io::Config& each : recorded.Objects("cases")) {
    const PromptEncoder prompts = SanaPrompts(each.String("instruction"));
    const PromptRole role = each.String("role") == "positive" ? PromptRole::kPositive : PromptRole::kNegative;
    const std::string name = each.String("name");
    ExpectClose(prompts.Encode(each.String("prompt"), role, /*clean_caption=*/false), golden[name], 1e-5, name);
    EXPECT_EQ(prompts.has_instruction(), !each.String("instruction").empty());
    ++cases;
  }
  EXPECT_GE(cases, 16);
}

TEST(PromptEncoderTest, CleansThePromptAndNeverTheInstruction) {
  const PromptEncoder prompts = SanaPrompts("See HTTPS://EXAMPLE.ORG/A : ");
  const torch::Tensor cleaned = prompts.Encode("A <b>fox</b> https://example.org", PromptRole::kPositive, true);
  EXPECT_TRUE(torch::equal(cleaned, prompts.Encode("a fox", PromptRole::kPositive, false)));
  EXPECT_FALSE(torch::equal(cleaned, SanaPrompts("see : ").Encode("a fox", PromptRole::kPositive, false)));
}

}  // namespace
}  // namespace stampd
