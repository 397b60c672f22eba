#include "engine/models/dit/config_reader.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::models::dit {

void ConfigReader::Refuse(std::string_view key, const std::string& found, const std::string& expected) const {
  throw Broken("[" + std::string(network_) + "] " + config_.file() + ": " + std::string(key) + ": expected " + expected +
               ", found " + found);
}

std::int64_t ConfigReader::Count(std::string_view key, std::int64_t fallback) const {
  const std::int64_t value = config_.Int(key, fallback);
  if (value < 1 || value > kLargest) Refuse(key, std::to_string(value), "1 … " + std::to_string(kLargest));
  return value;
}

double ConfigReader::Positive(std::string_view key, double fallback) const {
  const double value = config_.Double(key, fallback);
  if (!std::isfinite(value) || value <= 0) Refuse(key, io::NumberText(value), "a number above 0");
  return value;
}

int ConfigReader::OutChannels(int in_channels, int fallback) const {
  const bool is_null = config_.Has("out_channels") && !config_.OptionalInt("out_channels");
  const int value = is_null ? in_channels : SmallCount("out_channels", fallback);
  if (value != in_channels && value != 2 * in_channels) {
    Refuse("out_channels", std::to_string(value), "in_channels (" + std::to_string(in_channels) + ") or twice that");
  }
  return value;
}

void ConfigReader::ExpectString(std::string_view key, std::string_view supported) const {
  const std::string value = config_.String(key, std::string(supported));
  if (value != supported) Refuse(key, io::Quote(value), io::Quote(supported));
}

void ConfigReader::ExpectBool(std::string_view key, bool supported) const {
  if (config_.Bool(key, supported) != supported) Refuse(key, supported ? "false" : "true", supported ? "true" : "false");
}

}  // namespace stampd::models::dit
