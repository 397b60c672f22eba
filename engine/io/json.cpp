#include "engine/io/json.h"

#include <algorithm>

#include <rapidjson/error/en.h>

#include "engine/base/error.h"
#include "engine/io/open_file.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

constexpr int kMaxDepth = 64;

// Deepest nesting of brackets outside strings; right for valid JSON, and bounded work for any other text.
int Depth(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

rapidjson::Document ParseJson(std::string_view text, std::string_view place, const std::string& file) {
  const std::string start = "[" + std::string(place) + "] " + file + ": ";
  const int depth = Depth(text);
  if (depth > kMaxDepth) {
    throw Broken(start + "expected JSON nested at most " + std::to_string(kMaxDepth) + " deep, found " + std::to_string(depth));
  }
  // RapidJSON takes a NUL byte for the end of the text and would not look at what follows.
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    throw Broken(start + "expected JSON, found a NUL byte at " + std::to_string(nul));
  }
  constexpr unsigned kFlags = rapidjson::kParseNanAndInfFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;
  rapidjson::Document document;
  document.Parse<kFlags>(text.data(), text.size());
  if (document.HasParseError()) {
    throw Broken(start + "expected JSON, found at byte " + std::to_string(document.GetErrorOffset()) + ": " +
                 rapidjson::GetParseError_En(document.GetParseError()));
  }
  return document;
}

rapidjson::Document ReadJson(const std::filesystem::path& file, std::string_view place, std::uint64_t max_bytes) {
  return ParseJson(ReadFile(file, max_bytes, place), place, file.string());
}

std::string Describe(const rapidjson::Value& value) {
  switch (value.GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kFalseType:
      return "false";
    case rapidjson::kTrueType:
      return "true";
    case rapidjson::kObjectType:
      return "an object";
    case rapidjson::kArrayType:
      return "a list of " + std::to_string(value.Size());
    case rapidjson::kStringType:
      return "the string " + Quote({value.GetString(), value.GetStringLength()});
    case rapidjson::kNumberType:
      if (value.IsInt64()) return "the number " + std::to_string(value.GetInt64());
      if (value.IsUint64()) return "the number " + std::to_string(value.GetUint64());
      return "the number " + NumberText(value.GetDouble());
  }
  return "";
}

}  // namespace stampd::io
