#include "engine/tools/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "engine/io/text.h"

namespace stampd::tools {
namespace {

// Line breaks stand between values only; in strings they are escaped.
std::string Indented(const std::string& text) {
  std::string moved;
  for (const char c : text) {
    moved += c;
    if (c == '\n') moved += "  ";
  }
  return moved;
}

// The shortest text that reads back as the same number, and not as an integer: Python's loaders tell 1 from 1.0.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> digits{};
  const std::string text(digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr);
  return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

}  // namespace

Json::Json(double value) : text_(NumberText(value)) {}

Json::Json(std::string_view value) : text_(io::JsonString(value)) {}

Json Json::Object(const std::vector<Member>& members) {
  Json object(nullptr);
  object.text_ = "{";
  for (const auto& [key, value] : members) {
    object.text_ += (object.text_.size() > 1 ? ",\n  " : "\n  ") + io::JsonString(key) + ": " + Indented(value.text_);
  }
  object.text_ += members.empty() ? "}" : "\n}";
  return object;
}

Json Json::List(const std::vector<Json>& items) {
  Json list(nullptr);
  list.text_ = "[";
  for (const Json& item : items) list.text_ += (list.text_.size() > 1 ? ", " : "") + item.text_;
  list.text_ += "]";
  return list;
}

}  // namespace stampd::tools
