#include "engine/text/sentencepiece.h"

#include <string>

#include <sentencepiece_processor.h>

#include "engine/base/error.h"

namespace stampd::text {

struct SentencePiece::State {
  sentencepiece::SentencePieceProcessor processor;
};

SentencePiece::SentencePiece(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
  const auto status = state_->processor.Load(file.string());
  if (!status.ok()) {
    throw Broken("[tokenizer] " + file.string() + ": expected a SentencePiece model, found: " + status.ToString());
  }
}

SentencePiece::~SentencePiece() = default;

void SentencePiece::Encode(std::string_view text, std::vector<std::int64_t>& ids) const {
  std::vector<int> found;
  const auto status = state_->processor.Encode(text, &found);
  if (!status.ok()) throw Broken("[tokenizer] SentencePiece could not encode a text: " + status.ToString());
  ids.insert(ids.end(), found.begin(), found.end());
}

int SentencePiece::size() const { return state_->processor.GetPieceSize(); }

std::optional<std::int64_t> SentencePiece::Find(std::string_view piece) const {
  const int id = state_->processor.PieceToId(piece);
  // What is not there is reported as the unknown piece.
  if (id < 0 || id >= size() || state_->processor.IdToPiece(id) != piece) return std::nullopt;
  return id;
}

}  // namespace stampd::text
