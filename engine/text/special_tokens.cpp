#include "engine/text/special_tokens.h"

#include <utility>

#include "engine/text/unicode_text.h"

namespace stampd::text {

SpecialTokens::SpecialTokens(std::vector<SpecialToken> tokens) {
  for (SpecialToken& token : tokens) {
    if (token.content.empty()) continue;
    int node = 0;
    for (const char byte : token.content) {
      const auto [edge, is_new] = trie_[node].next.try_emplace(byte, static_cast<int>(trie_.size()));
      node = edge->second;
      if (is_new) trie_.emplace_back();
    }
    trie_[node].final = true;
    std::string content = token.content;
    tokens_.insert_or_assign(std::move(content), std::move(token));
  }
}

// The length of the longest token that `text` begins with, or 0.
std::size_t SpecialTokens::MatchedBytes(std::string_view text) const {
  std::size_t longest = 0;
  int node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto edge = trie_[node].next.find(text[i]);
    if (edge == trie_[node].next.end()) break;
    node = edge->second;
    if (trie_[node].final) longest = i + 1;
  }
  return longest;
}

std::vector<std::string> SpecialTokens::Cut(std::string_view text) const {
  std::vector<std::string> chunks;
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t matched = MatchedBytes(text.substr(i));
    if (matched == 0) {
      ++i;
      continue;
    }
    if (plain < i) chunks.emplace_back(text.substr(plain, i - plain));
    chunks.emplace_back(text.substr(i, matched));
    plain = i += matched;
  }
  if (plain < text.size()) chunks.emplace_back(text.substr(plain));
  return chunks;
}

// What transformers does around each token in turn; later tokens see what earlier ones left.
void SpecialTokens::ApplyFlags(std::vector<std::string>& chunks, std::size_t i) const {
  const auto found = tokens_.find(chunks[i]);
  if (found == tokens_.end()) return;
  const SpecialToken& token = found->second;
  std::string* left = i > 0 && !chunks[i - 1].empty() ? &chunks[i - 1] : nullptr;
  std::string* right = i + 1 < chunks.size() && !chunks[i + 1].empty() ? &chunks[i + 1] : nullptr;
  const bool word_on_the_left = left != nullptr && left->back() != ' ';
  const bool word_on_the_right = right != nullptr && right->front() != ' ';
  if (token.strip_right && right != nullptr) *right = std::string(StripLeft(*right));
  if (token.strip_left && left != nullptr) *left = std::string(StripRight(*left));
  if (!token.single_word) return;
  if (word_on_the_left) {
    *left += token.content;
    chunks[i].clear();
  } else if (word_on_the_right) {
    *right = token.content + *right;
    chunks[i].clear();
  }
}

std::vector<std::variant<std::int64_t, std::string>> SpecialTokens::Split(std::string_view text) const {
  std::vector<std::string> chunks = Cut(text);
  for (std::size_t i = 0; i < chunks.size(); ++i) ApplyFlags(chunks, i);
  std::vector<std::variant<std::int64_t, std::string>> parts;
  for (std::string& chunk : chunks) {
    if (chunk.empty()) continue;
    const auto token = tokens_.find(chunk);
    if (token != tokens_.end()) {
      parts.emplace_back(token->second.id);
    } else {
      parts.emplace_back(std::move(chunk));
    }
  }
  return parts;
}

}  // namespace stampd::text
