#include <array>
#include <utility>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"
#include "engine/tools/random/tokenizer_data.h"

namespace stampd::tools {
namespace {

struct AddedToken {
  const char* content;
  bool special;
};

// Their places are their ids.
constexpr std::array<AddedToken, 8> kAddedTokens = {{{"<pad>", true},
                                                     {"<eos>", true},
                                                     {"<bos>", true},
                                                     {"<unk>", true},
                                                     {"<mask>", true},
                                                     {"<start_of_turn>", false},
                                                     {"<end_of_turn>", false},
                                                     {"\n", false}}};

Json AddedTokens() {
  std::vector<Json::Member> tokens;
  for (const AddedToken& token : kAddedTokens) {
    tokens.emplace_back(std::to_string(tokens.size()), Json::Object({{"content", token.content},
                                                                     {"lstrip", false},
                                                                     {"normalized", false},
                                                                     {"rstrip", false},
                                                                     {"single_word", false},
                                                                     {"special", token.special}}));
  }
  return Json::Object(tokens);
}

std::vector<Json::Member> SpecialNames() {
  return {{"bos_token", "<bos>"}, {"eos_token", "<eos>"}, {"pad_token", "<pad>"}, {"unk_token", "<unk>"}};
}

std::string Config() {
  std::vector<Json::Member> members = {{"add_bos_token", true},
                                       {"add_eos_token", false},
                                       {"added_tokens_decoder", AddedTokens()},
                                       {"clean_up_tokenization_spaces", false},
                                       {"model_max_length", 8192},
                                       {"padding_side", "left"},  // as published; SanaPipeline pads on the right all the same
                                       {"sp_model_kwargs", Json::Object({})},
                                       {"spaces_between_special_tokens", false},
                                       {"tokenizer_class", "GemmaTokenizer"},
                                       {"use_default_system_prompt", false}};
  for (Json::Member& name : SpecialNames()) members.push_back(std::move(name));
  return Json::Object(members).file_text();
}

}  // namespace

ComponentPlan PlanGemmaTokenizer() {
  return {.name = "tokenizer",
          .library = "transformers",
          .class_name = "GemmaTokenizerFast",
          .files = {{"special_tokens_map.json", Json::Object(SpecialNames()).file_text()},
                    {"tokenizer.json", std::string(GemmaTokenizerJson())},
                    {"tokenizer.model", std::string(GemmaTokenizerModel())},
                    {"tokenizer_config.json", Config()}},
          .tensors = {},
          .stem = {}};
}

}  // namespace stampd::tools
