#include "engine/io/safetensors_header.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>

#include "engine/base/error.h"
#include "engine/io/safetensors_json.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

std::string Start(const std::filesystem::path& file) { return "[safetensors] " + file.string() + ": "; }

std::uint64_t LittleEndian64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

std::string_view HeaderText(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  if (bytes.size() < kLengthBytes) {
    throw Broken(Start(file) + "expected a header length of 8 bytes, found a file of " + std::to_string(bytes.size()));
  }
  const std::uint64_t length = LittleEndian64(bytes);
  const std::uint64_t most = std::min<std::uint64_t>(kMaxHeaderBytes, bytes.size() - kLengthBytes);
  if (length > most) {
    throw Broken(Start(file) + "expected a header of at most " + std::to_string(most) + " bytes, found a length of " +
                 std::to_string(length) + " in a file of " + std::to_string(bytes.size()));
  }
  return {reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length};
}

// Bytes that dtype and shape ask for. Even with an extent of 0 the others must multiply to something that strides can hold.
std::uint64_t ByteSize(const HeaderEntry& entry, const std::string& start) {
  std::int64_t size = static_cast<std::int64_t>(BytesPerElement(entry.dtype));
  bool empty = false;
  for (const std::int64_t extent : entry.shape) {
    empty |= extent == 0;
    if (__builtin_mul_overflow(size, std::max<std::int64_t>(extent, 1), &size)) {
      throw Broken(start + "expected a shape of less than 2^63 bytes, found " + ShapeText(entry.shape));
    }
  }
  return empty ? 0 : static_cast<std::uint64_t>(size);
}

std::string Range(const HeaderEntry& entry) { return "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]"; }

// One entry checked by itself: bounds and size.
void Check(const HeaderEntry& entry, std::uint64_t data_size, const std::string& start) {
  if (entry.begin > entry.end || entry.end > data_size) {
    throw Broken(start + "expected data_offsets in order and at most " + std::to_string(data_size) + ", found " + Range(entry));
  }
  const std::uint64_t size = ByteSize(entry, start);
  if (entry.end - entry.begin != size) {
    throw Broken(start + "expected " + std::to_string(size) + " bytes for " + std::string(Name(entry.dtype)) + " " +
                 ShapeText(entry.shape) + ", found data_offsets " + Range(entry));
  }
}

// In order of their data, entries must follow each other without holes or overlap to the end of the file.
void CheckCoverage(const std::vector<HeaderEntry>& sorted, std::uint64_t data_size, const std::filesystem::path& file) {
  std::uint64_t at = 0;
  for (const HeaderEntry& entry : sorted) {
    if (entry.begin != at) {
      throw Broken(Start(file) + Quote(entry.name) + ": expected data to begin at " + std::to_string(at) + " (no " +
                   (entry.begin < at ? "overlap" : "hole") + "), found data_offsets " + Range(entry));
    }
    at = entry.end;
  }
  if (at != data_size) {
    throw Broken(Start(file) + "expected " + std::to_string(at) + " bytes of data as the header says, found " +
                 std::to_string(data_size));
  }
}

}  // namespace

std::vector<TensorRecord> ParseSafetensors(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  const std::string_view header = HeaderText(bytes, file);
  std::vector<HeaderEntry> entries = ParseSafetensorsJson(header, Start(file));
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header.size());
  for (const HeaderEntry& entry : entries) {
    Check(entry, data.size(), Start(file) + Quote(entry.name) + ": ");
  }
  std::sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  CheckCoverage(entries, data.size(), file);

  std::vector<TensorRecord> records;
  records.reserve(entries.size());
  for (HeaderEntry& entry : entries) {
    records.push_back(
        {std::move(entry.name), entry.dtype, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin), file});
  }
  return records;
}

}  // namespace stampd::io
