#include "engine/text/sentencepiece.h"

#include <string>
#include <unordered_set>

#include <sentencepiece_processor.h>

#include "engine/base/error.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

// The library joins neighbouring unknown characters one by one, copying what it has each time: quadratic in the length of a run.
// The joined run is a single id however long it is, so the middle of a very long one can go.
constexpr std::size_t kLongText = 4096;   // bytes from which runs are looked for
constexpr std::size_t kKeptOfRun = 1024;  // normalised bytes, at each end of a run

}  // namespace

struct SentencePiece::State {
  sentencepiece::SentencePieceProcessor processor;
  std::unordered_set<char32_t> known;  // code points that occur in some piece

  void CollectKnown() {
    for (int id = 0; id < processor.GetPieceSize(); ++id) {
      if (processor.IsControl(id) || processor.IsUnknown(id)) continue;  // never found in a text
      const std::string& piece = processor.IdToPiece(id);
      for (std::size_t i = 0; i < piece.size();) known.insert(NextCodePoint(piece, i));
    }
  }

  std::string WithoutLongUnknownRuns(std::string_view text) const {
    std::string normalized;
    std::vector<std::size_t> origin;  // of each byte of `normalized`, in `text`
    if (!processor.Normalize(text, &normalized, &origin).ok()) return std::string(text);
    std::string kept;
    std::size_t copied = 0;
    std::size_t run = 0;  // where the present run of unknown characters begins
    for (std::size_t i = 0; i < normalized.size();) {
      const std::size_t start = i;
      if (!known.contains(NextCodePoint(normalized, i)) && i < normalized.size()) continue;
      if (start - run > 2 * kKeptOfRun) {
        const std::size_t cut = origin[run + kKeptOfRun];
        kept += text.substr(copied, cut - copied);
        copied = origin[start - kKeptOfRun];
      }
      run = i;
    }
    return kept += text.substr(copied);
  }
};

SentencePiece::SentencePiece(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
  const auto status = state_->processor.Load(file.string());
  if (!status.ok()) {
    throw Broken("[tokenizer] " + file.string() + ": expected a SentencePiece model, found: " + status.ToString());
  }
  state_->CollectKnown();
}

SentencePiece::~SentencePiece() = default;

void SentencePiece::Encode(std::string_view text, std::vector<std::int64_t>& ids) const {
  std::string shortened;
  if (text.size() >= kLongText) text = shortened = state_->WithoutLongUnknownRuns(text);
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
