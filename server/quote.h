#pragma once

#include <string>
#include <string_view>

namespace stampd::server {

/// What a caller sent, fit for an error message: in single quotes, cut to about 40 bytes at a character's boundary, control
/// characters as \xNN. `text` must be UTF-8.
std::string Quote(std::string_view text);

/// The largest n <= `bytes` at which UTF-8 `text` can be cut without splitting a character.
std::size_t CharacterBoundary(std::string_view text, std::size_t bytes);

}  // namespace stampd::server
