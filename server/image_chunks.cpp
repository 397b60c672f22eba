#include "server/image_chunks.h"

#include <cstdint>

#include "engine/base/error.h"

namespace stampd::server {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kPngHeaderEnd = 8 + 4 + 4 + 13 + 4;  // signature, and IHDR with length, type and CRC

std::string BigEndian(std::uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string LittleEndian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// CRC-32 of ISO 3309, as PNG's annex D has it.
std::uint32_t Crc(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

void Expect(bool holds, const char* what) {
  if (!holds) throw Broken(std::string("[image_chunks] expected ") + what);
}

// TIFF 6.0, little-endian: header, one directory with ImageDescription, and the text, which is why it is 27 bytes longer.
std::string Exif(std::string_view description) {
  constexpr int kAscii = 2, kImageDescription = 0x010e, kTextOffset = 8 + 2 + 12 + 4;
  return std::string("II*\0", 4) + LittleEndian(8, 4) + LittleEndian(1, 2) + LittleEndian(kImageDescription, 2) +
         LittleEndian(kAscii, 2) + LittleEndian(static_cast<std::uint32_t>(description.size()) + 1, 4) +
         LittleEndian(kTextOffset, 4) + LittleEndian(0, 4) + std::string(description) + '\0';
}

std::string RiffChunk(std::string_view name, std::string_view body) {
  std::string chunk = std::string(name) + LittleEndian(static_cast<std::uint32_t>(body.size()), 4) + std::string(body);
  if (body.size() % 2 != 0) chunk += '\0';
  return chunk;
}

}  // namespace

std::string WithPngText(std::string_view file, std::string_view keyword, std::string_view text) {
  Expect(file.size() > kPngHeaderEnd && file.starts_with(kPngSignature) && file.substr(12, 4) == "IHDR", "a PNG file");
  // Keyword, not compressed, method 0, no language, no translated keyword.
  const std::string body = "iTXt" + std::string(keyword) + std::string("\0\0\0\0\0", 5) + std::string(text);
  const std::string chunk = BigEndian(static_cast<std::uint32_t>(body.size()) - 4, 4) + body + BigEndian(Crc(body), 4);
  return std::string(file.substr(0, kPngHeaderEnd)) + chunk + std::string(file.substr(kPngHeaderEnd));
}

std::string WithJpegDescription(std::string_view file, std::string_view description) {
  Expect(file.size() > 6 && file.starts_with("\xff\xd8\xff"), "a JPEG file");
  Expect(description.size() <= kMaxJpegDescription, "a description that fits into one segment");
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(file[i]); };
  const bool has_jfif = byte(3) == 0xe0;
  const std::size_t at = has_jfif ? 4 + (byte(4) << 8 | byte(5)) : 2;
  Expect(at < file.size(), "a whole JFIF segment");
  const std::string body = std::string("Exif\0\0", 6) + Exif(description);
  const std::string segment = "\xff\xe1" + BigEndian(static_cast<std::uint32_t>(body.size()) + 2, 2) + body;
  return std::string(file.substr(0, at)) + segment + std::string(file.substr(at));
}

std::string WithWebpDescription(std::string_view file, int width, int height, std::string_view description) {
  Expect(file.size() > 20 && file.starts_with("RIFF") && file.substr(8, 4) == "WEBP", "a WebP file");
  Expect(file.substr(12, 3) == "VP8" && file[15] != 'X', "a WebP file in the simple format");
  constexpr std::uint32_t kHasExif = 0x08;
  const std::string header = LittleEndian(kHasExif, 4) + LittleEndian(width - 1, 3) + LittleEndian(height - 1, 3);
  const std::string body = "WEBP" + RiffChunk("VP8X", header) + std::string(file.substr(12)) + RiffChunk("EXIF", Exif(description));
  return RiffChunk("RIFF", body);
}

}  // namespace stampd::server
