#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/io/config.h"

namespace stampd::models::dit {

/// A transformer's config.json, read key by key. Each function throws Broken, with network, file, key, expected and found, for a
/// value that no such network can have. Where there is a fallback, null counts as absent.
class ConfigReader {
 public:
  static constexpr std::int64_t kLargest = 1 << 16;  // of any count or width; far above what was ever trained

  /// `config` must outlive this.
  ConfigReader(const io::Config& config, std::string_view network) : config_(config), network_(network) {}

  [[noreturn]] void Refuse(std::string_view key, const std::string& found, const std::string& expected) const;

  std::int64_t Count(std::string_view key, std::int64_t fallback) const;  // 1 … kLargest
  int SmallCount(std::string_view key, int fallback) const { return static_cast<int>(Count(key, fallback)); }
  double Positive(std::string_view key, double fallback) const;  // and finite

  /// out_channels: `in_channels`, which null means, or twice that.
  int OutChannels(int in_channels, int fallback) const;

  /// Refuses any other value than the only one that is supported, or none.
  void ExpectString(std::string_view key, std::string_view supported) const;
  void ExpectBool(std::string_view key, bool supported) const;

 private:
  const io::Config& config_;
  std::string_view network_;
};

}  // namespace stampd::models::dit
