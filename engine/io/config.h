#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stampd::io {

/// A component's JSON configuration, as diffusers and transformers write them.
///
/// Accepts what Python's json writes beyond the standard (NaN, Infinity, -Infinity), and integers where numbers are wanted and
/// the reverse where the value is whole (PixArt 256 has `"interpolation_scale": 0.5`, others `2`). Unknown keys are nobody's
/// business. A value of the wrong kind throws Broken with file, key, expected and found. A key that is null counts as absent for
/// the `Optional…` readers and for those with a fallback.
///
/// Immutable, thread-safe, cheap to copy.
class Config {
 public:
  static Config Read(const std::filesystem::path& file);
  /// For tests and for text that came from elsewhere; `name` stands for the file in errors.
  static Config Parse(std::string_view json, std::string name);

  const std::string& file() const;
  bool Has(std::string_view key) const;       // present, even if null
  bool IsObject(std::string_view key) const;  // for values that may be an object or something simpler
  bool IsList(std::string_view key) const;    // for values that may be one or a list of them
  std::vector<std::string> keys() const;

  // Without a fallback the key must be there.
  bool Bool(std::string_view key, std::optional<bool> fallback = {}) const;
  std::int64_t Int(std::string_view key, std::optional<std::int64_t> fallback = {}) const;
  double Double(std::string_view key, std::optional<double> fallback = {}) const;
  std::string String(std::string_view key, std::optional<std::string> fallback = {}) const;
  std::vector<std::int64_t> Ints(std::string_view key, std::optional<std::vector<std::int64_t>> fallback = {}) const;
  std::vector<std::vector<std::int64_t>> IntLists(std::string_view key,
                                                  std::optional<std::vector<std::vector<std::int64_t>>> fallback = {}) const;
  std::vector<double> Doubles(std::string_view key, std::optional<std::vector<double>> fallback = {}) const;
  std::vector<std::string> Strings(std::string_view key, std::optional<std::vector<std::string>> fallback = {}) const;

  /// The place among `names` of the string that is there; Broken, listing them, if it is none of them.
  std::size_t OneOf(std::string_view key, std::span<const std::string_view> names) const;

  std::optional<std::int64_t> OptionalInt(std::string_view key) const;
  std::optional<double> OptionalDouble(std::string_view key) const;
  std::optional<bool> OptionalBool(std::string_view key) const;
  std::optional<std::string> OptionalString(std::string_view key) const;

  /// A nested object; absent or null: an empty one.
  Config Object(std::string_view key) const;
  /// A list of objects; absent or null: none.
  std::vector<Config> Objects(std::string_view key) const;

 private:
  struct State;
  explicit Config(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace stampd::io
