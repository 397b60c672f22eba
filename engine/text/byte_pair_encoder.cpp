#include "engine/text/byte_pair_encoder.h"

#include <queue>
#include <tuple>

#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

using Merge = BytePairs::Merge;

constexpr int kNone = -1;

// A piece of the text in a list, from which merging takes the right one of two.
struct Symbol {
  int piece = kNone;  // none: merged into one before
  int previous = kNone;
  int next = kNone;
};

struct Candidate {
  Merge merge;
  int position = 0;  // of the left one

  // Last comes what a priority queue shall give first: the lowest rank, then the leftmost.
  bool operator<(const Candidate& other) const {
    return std::tie(merge.rank, position) > std::tie(other.merge.rank, other.position);
  }
};

std::vector<Symbol> Symbols(std::string_view text, const BytePairs& pairs) {
  std::vector<Symbol> symbols;
  symbols.reserve(text.size());
  const auto append = [&](int piece) {
    const int here = static_cast<int>(symbols.size());
    symbols.push_back({piece, here - 1, here + 1});
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const auto found = pairs.characters.find(NextCodePoint(text, i));
    if (found != pairs.characters.end()) {
      append(found->second);
      continue;
    }
    for (const char byte : text.substr(start, i - start)) append(pairs.bytes[static_cast<unsigned char>(byte)]);
  }
  if (!symbols.empty()) symbols.back().next = kNone;
  return symbols;
}

class Merger {
 public:
  Merger(const BytePairs& pairs, std::vector<Symbol>& symbols) : pairs_(pairs), symbols_(symbols) {
    for (int i = 0; i < static_cast<int>(symbols.size()); ++i) Consider(i);
  }

  void Run() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      // Older candidates stay in the queue. One whose pieces have changed still holds if they make the same whole: `tokenizers`
      // compares only that, and so its rank counts.
      const Merge* merge = FindMerge(best.position);
      if (merge != nullptr && merge->piece == best.merge.piece) Apply(best);
    }
  }

 private:
  const Merge* FindMerge(int left) const {
    if (left == kNone || symbols_[left].piece == kNone || symbols_[left].next == kNone) return nullptr;
    const auto found = pairs_.merges.find(BytePairs::Key(symbols_[left].piece, symbols_[symbols_[left].next].piece));
    return found == pairs_.merges.end() ? nullptr : &found->second;
  }

  void Consider(int left) {
    if (const Merge* merge = FindMerge(left)) queue_.push({*merge, left});
  }

  void Apply(const Candidate& candidate) {
    Symbol& left = symbols_[candidate.position];
    Symbol& right = symbols_[left.next];
    left.piece = candidate.merge.piece;
    left.next = right.next;
    right.piece = kNone;
    if (left.next != kNone) symbols_[left.next].previous = candidate.position;
    Consider(left.previous);
    Consider(candidate.position);
  }

  const BytePairs& pairs_;
  std::vector<Symbol>& symbols_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace

void BytePairEncoder::Encode(std::string_view text, std::vector<std::int64_t>& ids) const {
  std::vector<Symbol> symbols = Symbols(text, pairs_);
  Merger(pairs_, symbols).Run();
  for (const Symbol& symbol : symbols) {
    if (symbol.piece != kNone) ids.push_back(symbol.piece);
  }
}

}  // namespace stampd::text
