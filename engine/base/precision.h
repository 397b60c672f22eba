#pragma once

#include <optional>
#include <string_view>

namespace stampd {

/// What a model's linear layers compute in. The names are those of the flags and of the wire.
enum class Precision { kFp32, kBf16, kFp16 };

std::string_view Name(Precision precision);

/// Nothing if `name` is not one of `fp32`, `bf16`, `fp16`.
std::optional<Precision> ParsePrecision(std::string_view name);

}  // namespace stampd
