#include "client/utf8.h"

#include <cstddef>

namespace stampd::client {
namespace {

// How many bytes may follow `lead`, and what the first of them may be; the others are 80 … BF.
struct Sequence {
  std::size_t following = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

bool Begin(unsigned char lead, Sequence& sequence) {
  if (lead < 0x80)
    sequence = {0};
  else if (lead >= 0xC2 && lead <= 0xDF)
    sequence = {1};
  else if (lead == 0xE0)
    sequence = {2, 0xA0, 0xBF};
  else if (lead == 0xED)
    sequence = {2, 0x80, 0x9F};
  else if (lead >= 0xE1 && lead <= 0xEF)
    sequence = {2};
  else if (lead == 0xF0)
    sequence = {3, 0x90, 0xBF};
  else if (lead >= 0xF1 && lead <= 0xF3)
    sequence = {3};
  else if (lead == 0xF4)
    sequence = {3, 0x80, 0x8F};
  else
    return false;
  return true;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  Sequence sequence;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (sequence.following == 0) {
      if (!Begin(byte, sequence)) return false;
    } else {
      if (byte < sequence.low || byte > sequence.high) return false;
      sequence = {sequence.following - 1};
    }
  }
  return sequence.following == 0;
}

}  // namespace stampd::client
