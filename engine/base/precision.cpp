#include "engine/base/precision.h"

#include <algorithm>
#include <array>

namespace stampd {
namespace {

constexpr std::array kAll = {Precision::kFp32, Precision::kBf16, Precision::kFp16,
                             Precision::kW4A4, Precision::kW4A8, Precision::kW8A8};

}  // namespace

bool IsQuantized(Precision precision) {
  return precision == Precision::kW4A4 || precision == Precision::kW4A8 || precision == Precision::kW8A8;
}

std::string_view Name(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kFp16:
      return "fp16";
    case Precision::kW4A4:
      return "w4a4";
    case Precision::kW4A8:
      return "w4a8";
    case Precision::kW8A8:
      return "w8a8";
  }
  return "";
}

std::string PrecisionNames() {
  std::string names;
  for (const Precision precision : kAll) names += (names.empty() ? "" : ", ") + std::string(Name(precision));
  return names;
}

std::optional<Precision> ParsePrecision(std::string_view name) {
  for (const Precision precision : kAll) {
    if (Name(precision) == name) return precision;
  }
  return {};
}

std::optional<std::vector<Precision>> ParsePrecisions(std::string_view names) {
  std::vector<Precision> precisions;
  for (bool more = true; more;) {
    const std::size_t plus = names.find('+');
    const std::optional<Precision> precision = ParsePrecision(names.substr(0, plus));
    if (!precision || std::ranges::find(precisions, *precision) != precisions.end()) return {};
    precisions.push_back(*precision);
    more = plus != std::string_view::npos;
    if (more) names.remove_prefix(plus + 1);
  }
  return precisions;
}

}  // namespace stampd
