#include "server/quote.h"

namespace stampd::server {
namespace {

constexpr std::size_t kLongest = 40;
constexpr char kHexDigits[] = "0123456789abcdef";

bool IsControl(unsigned char c) { return c < 0x20 || c == 0x7f; }

}  // namespace

std::size_t CharacterBoundary(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text.size();
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return bytes;
}

std::string Quote(std::string_view text) {
  const std::size_t kept = CharacterBoundary(text, kLongest);
  std::string quoted = "'";
  for (const unsigned char c : text.substr(0, kept)) {
    if (IsControl(c)) {
      quoted += {'\\', 'x', kHexDigits[c >> 4], kHexDigits[c & 15]};
    } else {
      quoted += static_cast<char>(c);
    }
  }
  return quoted + (kept < text.size() ? "…'" : "'");
}

}  // namespace stampd::server
