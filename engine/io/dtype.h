#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace stampd::io {

/// Element types that a safetensors header may name.
enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool, kF8E4M3, kF8E5M2 };

std::size_t BytesPerElement(DType dtype);
std::string_view Name(DType dtype);  // as safetensors spells it: "F32"

/// Nothing if `name` is not as safetensors spells one of them.
std::optional<DType> ParseDType(std::string_view name);

}  // namespace stampd::io
