#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace stampd::text {

/// A literal that stands for one id wherever it is typed, with the flags of transformers' AddedToken.
struct SpecialToken {
  std::string content;
  std::int64_t id = 0;
  bool strip_left = false;   // eats white space before it
  bool strip_right = false;  // and after it
  bool single_word = false;  // only where no letter of a word touches it, by transformers' rule: U+0020 or an end on either side
};

/// Splits raw text at special tokens, before any normalisation: leftmost first, then longest. Immutable and thread-safe.
class SpecialTokens {
 public:
  explicit SpecialTokens(std::vector<SpecialToken> tokens);

  /// In the order of the text: ids, and the plain texts between them, none empty. `text` is valid UTF-8. Linear in its length.
  std::vector<std::variant<std::int64_t, std::string>> Split(std::string_view text) const;

 private:
  struct Node {
    std::unordered_map<char, int> next;
    bool final = false;
  };

  std::size_t MatchedBytes(std::string_view text) const;
  std::vector<std::string> Cut(std::string_view text) const;
  void ApplyFlags(std::vector<std::string>& chunks, std::size_t i) const;

  std::unordered_map<std::string, SpecialToken> tokens_;
  std::vector<Node> trie_{1};
};

}  // namespace stampd::text
