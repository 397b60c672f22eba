#include "engine/text/t5_tokenizer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/error.h"
#include "engine/text/sentencepiece.h"
#include "engine/text/special_token_files.h"
#include "engine/text/special_tokens.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

class SentencePieceT5 : public T5Tokenizer {
 public:
  explicit SentencePieceT5(const std::filesystem::path& folder) : pieces_(folder / "spiece.model") {
    T5SpecialTokens special = ReadT5SpecialTokens(folder, pieces_);
    eos_id_ = special.eos_id;
    pad_id_ = special.pad_id;
    vocabulary_ = pieces_.size();
    for (const SpecialToken& token : special.tokens) vocabulary_ = std::max(vocabulary_, static_cast<int>(token.id) + 1);
    special_ = std::make_unique<SpecialTokens>(std::move(special.tokens));
  }

  std::vector<std::int64_t> Encode(std::string_view text, int max_length) const override {
    const std::size_t room = std::max(max_length, 1) - 1;
    std::vector<std::int64_t> ids;
    for (const auto& part : special_->Split(ValidUtf8(text))) {
      if (ids.size() >= room) break;
      Append(part, ids);
    }
    ids.resize(std::min(ids.size(), room));
    if (ids.empty() || ids.back() != eos_id_) ids.push_back(eos_id_);
    return ids;
  }

  std::int64_t pad_id() const override { return pad_id_; }
  std::int64_t eos_id() const override { return eos_id_; }
  int vocabulary() const override { return vocabulary_; }

 private:
  void Append(const std::variant<std::int64_t, std::string>& part, std::vector<std::int64_t>& ids) const {
    if (const auto* id = std::get_if<std::int64_t>(&part)) {
      ids.push_back(*id);
    } else {
      pieces_.Encode(std::get<std::string>(part), ids);
    }
  }

  SentencePiece pieces_;
  std::unique_ptr<const SpecialTokens> special_;
  std::int64_t eos_id_ = 0;
  std::int64_t pad_id_ = 0;
  int vocabulary_ = 0;
};

}  // namespace

std::unique_ptr<const T5Tokenizer> T5Tokenizer::Load(const std::filesystem::path& folder) {
  return std::make_unique<const SentencePieceT5>(folder);
}

}  // namespace stampd::text
