#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stampd::text {

/// What a byte-pair encoding (https://arxiv.org/abs/1508.07909) with byte fallback knows. Pieces go by their ids.
struct BytePairs {
  struct Merge {
    int rank = 0;  // the lowest goes first
    int piece = 0;
  };
  static std::uint64_t Key(int left, int right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }

  std::unordered_map<char32_t, int> characters;     // pieces of one code point
  std::array<int, 256> bytes{};                     // pieces of one byte, for characters that are none
  std::unordered_map<std::uint64_t, Merge> merges;  // by Key of the two that become one
};

/// Byte-pair encoding of a text as one word, in the order of Hugging Face's `tokenizers`. Immutable and thread-safe.
///
/// SentencePiece, on the same vocabulary, takes the longest run of spaces that is a piece first instead of merging pairs, so that
/// its ids are others in runs longer than that.
class BytePairEncoder {
 public:
  explicit BytePairEncoder(BytePairs pairs) : pairs_(std::move(pairs)) {}

  /// Appends the ids of `text`, which is valid UTF-8. O(n log n) in its length.
  void Encode(std::string_view text, std::vector<std::int64_t>& ids) const;

 private:
  BytePairs pairs_;
};

}  // namespace stampd::text
