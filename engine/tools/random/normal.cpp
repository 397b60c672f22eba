#include "engine/tools/random/normal.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"

namespace stampd::tools {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

// The output function of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Variance 16 of the coins and 1/6 of the triangle, in units of 2^-32.
const double kScale = std::ldexp(1 / std::sqrt(16 + 1.0 / 6), -32);

std::int64_t Sample(std::uint64_t key, std::uint64_t index) {
  const std::uint64_t coins = Mix(key + (2 * index) * kGolden);
  const std::uint64_t pair = Mix(key + (2 * index + 1) * kGolden);
  const std::int64_t triangle = static_cast<std::int64_t>(pair >> 32) - static_cast<std::int64_t>(pair & 0xffffffff);
  return (static_cast<std::int64_t>(std::popcount(coins)) - 32) * (std::int64_t{1} << 32) + triangle;
}

std::uint16_t ToBf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Weights are far from F16's largest number; its subnormals matter, because spreads are small.
std::uint16_t ToF16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const float size = std::fabs(value);
  if (size < 0x1p-14F) {
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(size * 0x1p24F)));
  }
  const std::uint32_t rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
  return static_cast<std::uint16_t>(sign | ((rounded - (112U << 23)) >> 13));
}

template <typename Convert>
void EncodeHalf(std::span<const float> values, std::byte* out, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = convert(values[i]);
    std::memcpy(out + 2 * i, &half, 2);
  }
}

}  // namespace

void FillNormal(std::uint64_t key, std::uint64_t first_index, double mean, double stddev, std::span<float> values) {
  const double scale = stddev * kScale;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(mean + scale * static_cast<double>(Sample(key, first_index + i)));
  }
}

std::uint64_t TensorKey(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Mix(Mix(seed + kGolden) ^ hash);
}

void Encode(std::span<const float> values, io::DType dtype, std::byte* out) {
  static_assert(std::endian::native == std::endian::little);
  switch (dtype) {
    case io::DType::kF32:
      std::memcpy(out, values.data(), values.size_bytes());
      return;
    case io::DType::kBF16:
      return EncodeHalf(values, out, ToBf16);
    case io::DType::kF16:
      return EncodeHalf(values, out, ToF16);
    default:
      throw Broken("[random] expected F32, BF16 or F16, found " + std::string(io::Name(dtype)));
  }
}

}  // namespace stampd::tools
