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

}  // namespace stampd::io
