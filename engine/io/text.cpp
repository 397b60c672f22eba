#include "engine/io/text.h"

#include <sstream>

namespace stampd::io {
namespace {

constexpr std::size_t kMaxQuoted = 120;

}  // namespace

std::string Quote(std::string_view name) {
  std::string text = "\"";
  for (const char c : name.substr(0, kMaxQuoted)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    text += control ? '?' : c;
  }
  return text + (name.size() > kMaxQuoted ? "…\"" : "\"");
}

std::string NumberText(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

std::string ShapeText(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

std::string JsonString(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') json += '\\';
    if (code >= 0x20) {
      json += c;
    } else {
      json += std::string("\\u00") + kDigits[code >> 4] + kDigits[code & 15];
    }
  }
  return json + "\"";
}

}  // namespace stampd::io
