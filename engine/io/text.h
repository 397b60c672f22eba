#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stampd::io {

/// For error messages: `name` in double quotes, cut if it is long, with control characters made visible: names in errors come from
/// untrusted files.
std::string Quote(std::string_view name);
std::string NumberText(double number);                       // 2.5, 1e+300, -inf
std::string ShapeText(std::span<const std::int64_t> shape);  // [2, 3]

/// `text` as a JSON string, quotes included. UTF-8 stays as it is.
std::string JsonString(std::string_view text);

}  // namespace stampd::io
