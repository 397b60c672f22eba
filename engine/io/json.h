#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <rapidjson/document.h>

namespace stampd::io {

/// Parses text that nothing is known about: Broken, beginning with "[place] file:", if it is not one JSON value in UTF-8 or
/// nests deeper than 64. Accepts NaN, Infinity and -Infinity, which Python's json writes.
rapidjson::Document ParseJson(std::string_view text, std::string_view place, const std::string& file);

/// The same for a file of at most `max_bytes`.
rapidjson::Document ReadJson(const std::filesystem::path& file, std::string_view place, std::uint64_t max_bytes = 16 << 20);

/// What an error message says was found: `null`, `the number 2.5`, `the string "a"`, `a list of 3`, `an object`.
std::string Describe(const rapidjson::Value& value);

}  // namespace stampd::io
