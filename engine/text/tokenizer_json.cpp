#include "engine/text/tokenizer_json.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/io/json.h"
#include "engine/io/text.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

using rapidjson::Value;

constexpr std::string_view kSpaceMark = "▁";
constexpr std::uint64_t kMaxBytes = 256 << 20;  // Gemma's own has 34 MB

std::string_view View(const Value& string) { return {string.GetString(), string.GetStringLength()}; }

bool IsText(const Value* value, std::string_view text) { return value != nullptr && value->IsString() && View(*value) == text; }

const Value* Find(const Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(key);
  return member == object.MemberEnd() || member->value.IsNull() ? nullptr : &member->value;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file)
      : file_(file.string()), document_(io::ReadJson(file, "tokenizer", kMaxBytes)) {}

  TokenizerJson Read() {
    CheckKind();
    ReadVocabulary();
    ReadCharactersAndBytes();
    ReadMerges();
    ReadAddedTokens();
    return std::move(read_);
  }

 private:
  [[noreturn]] void Fail(const std::string& key, const std::string& expected, const std::string& found) const {
    throw Broken("[tokenizer] " + file_ + ": " + key + ": expected " + expected + ", found " + found);
  }
  [[noreturn]] void Fail(const std::string& key, const std::string& expected, const Value* found) const {
    Fail(key, expected, found == nullptr ? "none" : io::Describe(*found));
  }

  const Value& Get(const Value& object, const char* key, bool (Value::*is_kind)() const, const std::string& expected) const {
    const Value* value = Find(object, key);
    if (value == nullptr || !(value->*is_kind)()) Fail(key, expected, value);
    return *value;
  }

  void CheckKind() {
    model_ = &Get(document_, "model", &Value::IsObject, "an object");
    if (!IsText(Find(*model_, "type"), "BPE")) Fail("model.type", "\"BPE\"", Find(*model_, "type"));
    CheckBool(*model_, "byte_fallback", true);
    CheckBool(*model_, "ignore_merges", false);
    for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
      const Value* value = Find(*model_, key);
      if (value != nullptr && !IsText(value, "")) Fail(key, "null", value);
    }
    const Value* normalizer = Find(document_, "normalizer");
    if (normalizer == nullptr || !IsText(Find(*normalizer, "content"), kSpaceMark) || !IsPatternOfSpace(*normalizer, "Replace")) {
      Fail("normalizer", "the replacement of \" \" by \"▁\"", normalizer);
    }
    // No space is left to split at, so it does nothing.
    const Value* split = Find(document_, "pre_tokenizer");
    if (split != nullptr && !IsPatternOfSpace(*split, "Split")) Fail("pre_tokenizer", "none, or a split at \" \"", split);
  }

  static bool IsPatternOfSpace(const Value& step, std::string_view type) {
    const Value* pattern = Find(step, "pattern");
    return IsText(Find(step, "type"), type) && pattern != nullptr && IsText(Find(*pattern, "String"), " ");
  }

  void CheckBool(const Value& object, const char* key, bool expected) const {
    const Value* value = Find(object, key);
    const bool is_true = value != nullptr && value->IsTrue();
    if (is_true != expected) Fail(key, expected ? "true" : "false", value);
  }

  int Id(const std::string& key, const Value& value) {
    if (!value.IsInt() || value.GetInt() < 0) Fail(key, "an id from 0 to 2147483647", &value);
    read_.vocabulary = std::max(read_.vocabulary, value.GetInt() + 1);
    return value.GetInt();
  }

  void ReadVocabulary() {
    const Value& vocabulary = Get(*model_, "vocab", &Value::IsObject, "an object");
    pieces_.reserve(vocabulary.MemberCount());
    for (const auto& [piece, id] : vocabulary.GetObject()) pieces_[View(piece)] = Id("vocab", id);
  }

  // Every character is a piece or spelled in pieces of its bytes, so no text is unknown.
  void ReadCharactersAndBytes() {
    for (const auto& [piece, id] : pieces_) {
      std::size_t i = 0;
      if (piece.empty()) continue;
      const char32_t c = NextCodePoint(piece, i);
      if (i == piece.size()) read_.pairs.characters[c] = id;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", byte);
      const auto piece = pieces_.find(name);
      if (piece != pieces_.end()) {
        read_.pairs.bytes[byte] = piece->second;
      } else if (byte >= 0x80 || !read_.pairs.characters.contains(byte)) {
        Fail("vocab", "a piece \"" + std::string(name) + '"', "none");
      }
    }
  }

  int PieceId(std::string_view piece) const {
    const auto found = pieces_.find(piece);
    if (found == pieces_.end()) Fail("merges", "pieces of the vocabulary", io::Quote(piece));
    return found->second;
  }

  void ReadMerges() {
    const Value& merges = Get(*model_, "merges", &Value::IsArray, "a list");
    read_.pairs.merges.reserve(merges.Size());
    std::string whole;
    for (rapidjson::SizeType rank = 0; rank < merges.Size(); ++rank) {
      const auto [left, right] = Halves(merges[rank]);
      whole.assign(left).append(right);
      read_.pairs.merges[BytePairs::Key(PieceId(left), PieceId(right))] = {static_cast<int>(rank), PieceId(whole)};
    }
  }

  std::pair<std::string_view, std::string_view> Halves(const Value& merge) const {
    if (merge.IsArray() && merge.Size() == 2 && merge[0].IsString() && merge[1].IsString()) return {View(merge[0]), View(merge[1])};
    if (merge.IsString()) {
      const std::string_view both = View(merge);
      const std::size_t space = both.find(' ');
      if (space != both.npos && both.find(' ', space + 1) == both.npos) return {both.substr(0, space), both.substr(space + 1)};
    }
    Fail("merges", "two pieces", &merge);
  }

  void ReadAddedTokens() {
    const Value* tokens = Find(document_, "added_tokens");
    if (tokens == nullptr) return;
    if (!tokens->IsArray()) Fail("added_tokens", "a list", tokens);
    for (const Value& token : tokens->GetArray()) {
      const std::string content(View(Get(token, "content", &Value::IsString, "a string")));
      for (const char* key : {"lstrip", "rstrip", "single_word"}) CheckBool(token, key, false);
      const int id = Id("added_tokens", Get(token, "id", &Value::IsInt, "an id"));
      const Value* normalized = Find(token, "normalized");
      if (normalized != nullptr && normalized->IsTrue()) {
        read_.normalized.push_back({.content = SpacesMarked(content), .id = id});
      } else {
        read_.typed.push_back({.content = content, .id = id});
      }
    }
  }

  std::string file_;
  rapidjson::Document document_;
  const Value* model_ = nullptr;
  std::unordered_map<std::string_view, int> pieces_;
  TokenizerJson read_;
};

}  // namespace

TokenizerJson ReadTokenizerJson(const std::filesystem::path& file) { return Reader(file).Read(); }

std::string SpacesMarked(std::string_view text) {
  std::string marked;
  for (const char byte : text) {
    if (byte == ' ') {
      marked += kSpaceMark;
    } else {
      marked += byte;
    }
  }
  return marked;
}

}  // namespace stampd::text
