#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stampd::testing {

/// A safetensors file put together by hand, right or wrong: the length, the header as it is, the data.
inline std::string RawSafetensors(std::string_view header, std::string_view data, std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes.append(header).append(data);
}

/// The same with the true length, and the header padded so that the data begins at a multiple of 8.
inline std::string RawSafetensors(std::string header, std::string_view data) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return RawSafetensors(header, data, header.size());
}

}  // namespace stampd::testing
