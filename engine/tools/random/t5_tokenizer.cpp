#include <utility>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"
#include "engine/tools/random/tokenizer_data.h"

namespace stampd::tools {
namespace {

constexpr int kExtraIds = 100;  // T5's sentinels, which follow the pieces backwards: <extra_id_0> has the last id

std::string ExtraId(int index) { return "<extra_id_" + std::to_string(index) + ">"; }

std::vector<Json> ExtraIds() {
  std::vector<Json> names;
  for (int i = 0; i < kExtraIds; ++i) names.emplace_back(ExtraId(i));
  return names;
}

Json SpecialToken(const std::string& content) {
  return Json::Object({{"content", content},
                       {"lstrip", false},
                       {"normalized", false},
                       {"rstrip", false},
                       {"single_word", false},
                       {"special", true}});
}

Json AddedTokens() {
  std::vector<Json::Member> tokens = {{"0", SpecialToken("<pad>")}, {"1", SpecialToken("</s>")}, {"2", SpecialToken("<unk>")}};
  for (int i = 0; i < kExtraIds; ++i) {
    tokens.emplace_back(std::to_string(kT5Pieces + i), SpecialToken(ExtraId(kExtraIds - 1 - i)));
  }
  return Json::Object(tokens);
}

std::string Config() {
  return Json::Object({{"added_tokens_decoder", AddedTokens()},
                       {"additional_special_tokens", Json::List(ExtraIds())},
                       {"clean_up_tokenization_spaces", true},
                       {"eos_token", "</s>"},
                       {"extra_ids", kExtraIds},
                       {"legacy", true},
                       {"model_max_length", 512},
                       {"pad_token", "<pad>"},
                       {"sp_model_kwargs", Json::Object({})},
                       {"tokenizer_class", "T5Tokenizer"},
                       {"unk_token", "<unk>"}})
      .file_text();
}

std::string SpecialTokens() {
  return Json::Object({{"additional_special_tokens", Json::List(ExtraIds())},
                       {"eos_token", "</s>"},
                       {"pad_token", "<pad>"},
                       {"unk_token", "<unk>"}})
      .file_text();
}

}  // namespace

ComponentPlan PlanT5Tokenizer() {
  return {.name = "tokenizer",
          .library = "transformers",
          .class_name = "T5Tokenizer",
          .files = {{"spiece.model", std::string(T5TokenizerModel())},
                    {"special_tokens_map.json", SpecialTokens()},
                    {"tokenizer_config.json", Config()}},
          .tensors = {},
          .stem = {}};
}

}  // namespace stampd::tools
