#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/dtype.h"

namespace stampd::io {

/// One tensor as the JSON header of a safetensors file names it; whether its numbers make sense is checked elsewhere.
struct HeaderEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // at most 32 extents, none negative
  std::uint64_t begin = 0;          // data_offsets
  std::uint64_t end = 0;
};

/// Reads the header event by event, so that a hostile one costs neither stack nor more memory than what it names. Entries come
/// in the order of the text, names are unique. Broken, beginning with `start`, for anything that is not such a header;
/// "__metadata__" must be an object of strings and is left out.
std::vector<HeaderEntry> ParseSafetensorsJson(std::string_view json, const std::string& start);

}  // namespace stampd::io
