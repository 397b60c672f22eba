#include "engine/text/tokenizer.h"

#include <array>
#include <string>

#include "engine/base/error.h"
#include "engine/text/gemma_tokenizer.h"
#include "engine/text/t5_tokenizer.h"

namespace stampd::text {
namespace {

struct Entry {
  std::string_view class_name;
  std::unique_ptr<const Tokenizer> (*load)(const std::filesystem::path& folder);
};

std::unique_ptr<const Tokenizer> LoadT5(const std::filesystem::path& folder) { return T5Tokenizer::Load(folder); }

// "…Fast" is what transformers 4 calls the one that reads tokenizer.json.
constexpr std::array kTokenizers = {Entry{"T5Tokenizer", LoadT5}, Entry{"T5TokenizerFast", LoadT5},
                                    Entry{"GemmaTokenizer", LoadGemmaTokenizer}, Entry{"GemmaTokenizerFast", LoadGemmaTokenizer}};

}  // namespace

std::unique_ptr<const Tokenizer> LoadTokenizer(const io::Component& component) {
  std::string known;
  for (const Entry& entry : kTokenizers) {
    if (entry.class_name == component.class_name) return entry.load(component.folder);
    known += (known.empty() ? "" : ", ") + std::string(entry.class_name);
  }
  throw Broken("[tokenizer] model_index.json: " + component.name + ": expected one of " + known + ", found " +
               component.class_name);
}

}  // namespace stampd::text
