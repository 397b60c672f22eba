#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stampd {

/// What a model's linear layers compute in. The names are those of the flags and of the wire: w4a4 has weights of 4 bits and
/// activations of 4, but for a few tokens; everything else in such a model is in a floating-point type.
enum class Precision : std::uint8_t { kFp32, kBf16, kFp16, kW4A4, kW4A8, kW8A8 };

bool IsQuantized(Precision precision);

std::string_view Name(Precision precision);

/// All names, for messages: "fp32, bf16, …".
std::string PrecisionNames();

/// Nothing if `name` is none of PrecisionNames.
std::optional<Precision> ParsePrecision(std::string_view name);

/// Names joined with `+`. Nothing if one of them is unknown or comes twice.
std::optional<std::vector<Precision>> ParsePrecisions(std::string_view names);

}  // namespace stampd
