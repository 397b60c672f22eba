#include "engine/models/resolution_bins.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>

namespace stampd::models {
namespace {

struct Bin {
  double ratio;  // height over width, rounded as the table's key is
  Resolution size;
};

constexpr Bin kBins1024[] = {
    {0.25, {512, 2048}}, {0.28, {512, 1856}}, {0.32, {576, 1792}}, {0.33, {576, 1728}}, {0.35, {576, 1664}}, {0.4, {640, 1600}},
    {0.42, {640, 1536}}, {0.48, {704, 1472}}, {0.5, {704, 1408}},  {0.52, {704, 1344}}, {0.57, {768, 1344}}, {0.6, {768, 1280}},
    {0.68, {832, 1216}}, {0.72, {832, 1152}}, {0.78, {896, 1152}}, {0.82, {896, 1088}}, {0.88, {960, 1088}}, {0.94, {960, 1024}},
    {1.0, {1024, 1024}}, {1.07, {1024, 960}}, {1.13, {1088, 960}}, {1.21, {1088, 896}}, {1.29, {1152, 896}}, {1.38, {1152, 832}},
    {1.46, {1216, 832}}, {1.67, {1280, 768}}, {1.75, {1344, 768}}, {2.0, {1408, 704}},  {2.09, {1472, 704}}, {2.4, {1536, 640}},
    {2.5, {1600, 640}},  {3.0, {1728, 576}},  {4.0, {2048, 512}},
};

constexpr Bin kBins2048[] = {
    {0.25, {1024, 4096}}, {0.26, {1024, 3968}}, {0.27, {1024, 3840}}, {0.28, {1024, 3712}}, {0.32, {1152, 3584}},
    {0.33, {1152, 3456}}, {0.35, {1152, 3328}}, {0.4, {1280, 3200}},  {0.42, {1280, 3072}}, {0.48, {1408, 2944}},
    {0.5, {1408, 2816}},  {0.52, {1408, 2688}}, {0.57, {1536, 2688}}, {0.6, {1536, 2560}},  {0.68, {1664, 2432}},
    {0.72, {1664, 2304}}, {0.78, {1792, 2304}}, {0.82, {1792, 2176}}, {0.88, {1920, 2176}}, {0.94, {1920, 2048}},
    {1.0, {2048, 2048}},  {1.07, {2048, 1920}}, {1.13, {2176, 1920}}, {1.21, {2176, 1792}}, {1.29, {2304, 1792}},
    {1.38, {2304, 1664}}, {1.46, {2432, 1664}}, {1.67, {2560, 1536}}, {1.75, {2688, 1536}}, {2.0, {2816, 1408}},
    {2.09, {2944, 1408}}, {2.4, {3072, 1280}},  {2.5, {3200, 1280}},  {2.89, {3328, 1152}}, {3.0, {3456, 1152}},
    {3.11, {3584, 1152}}, {3.62, {3712, 1024}}, {3.75, {3840, 1024}}, {3.88, {3968, 1024}}, {4.0, {4096, 1024}},
};

int ScaledSide(int painted, double ratio, int target) { return std::max(target, static_cast<int>(painted * ratio)); }

}  // namespace

bool HasBins(int native_side) {
  return native_side == 256 || native_side == 512 || native_side == 1024 || native_side == 2048 || native_side == 4096;
}

Resolution NearestBin(Resolution size, int native_side) {
  assert(HasBins(native_side));
  // The smaller and the larger sizes have the same shapes, scaled.
  const bool fine = native_side >= 2048;
  const std::span<const Bin> bins = fine ? std::span<const Bin>(kBins2048) : std::span<const Bin>(kBins1024);
  const double ratio = static_cast<double>(size.height) / size.width;
  const auto nearest = std::ranges::min_element(bins, {}, [&](const Bin& bin) { return std::abs(bin.ratio - ratio); });
  const int base = fine ? 2048 : 1024;
  return {nearest->size.height * native_side / base, nearest->size.width * native_side / base};
}

CoverCrop CoverAndCrop(Resolution painted, Resolution target) {
  const double ratio =
      std::max(static_cast<double>(target.height) / painted.height, static_cast<double>(target.width) / painted.width);
  const Resolution scaled{ScaledSide(painted.height, ratio, target.height), ScaledSide(painted.width, ratio, target.width)};
  return {.scaled = scaled, .top = (scaled.height - target.height) / 2, .left = (scaled.width - target.width) / 2};
}

}  // namespace stampd::models
