#include "engine/text/tokenizer.h"

#include <gtest/gtest.h>

#include "tests/expect_broken.h"

namespace stampd::text {
namespace {

TEST(LoadTokenizer, PicksByTheClassInTheIndex) {
  for (const std::string name : {"T5Tokenizer", "T5TokenizerFast"}) {
    EXPECT_EQ(LoadTokenizer({"tokenizer", "transformers", name, "tests/data/tokenizer"})->Encode("", 9).back(), 1);
  }
  for (const std::string name : {"GemmaTokenizer", "GemmaTokenizerFast"}) {
    EXPECT_EQ(LoadTokenizer({"tokenizer", "transformers", name, "tests/data/gemma_tokenizer"})->Encode("", 9).front(), 2);
  }
}

TEST(LoadTokenizer, NamesTheClassesThatThereAre) {
  testing::ExpectBroken(
      [] {
        LoadTokenizer({"tokenizer", "transformers", "CLIPTokenizer", "tests/data/tokenizer"});
      },
      {"model_index.json: tokenizer", "T5Tokenizer", "GemmaTokenizerFast", "CLIPTokenizer"});
}

}  // namespace
}  // namespace stampd::text
