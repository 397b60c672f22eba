#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "engine/base/token_layout.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/kernels/token_view.h"

namespace stampd::testing {

struct FieldShape {
  int side = 64;
  int channels = 256;
  double correlation = 0;     // of neighbours, along x and along y
  double channel_spread = 0;  // deviation of the logarithm of a channel's scale
  double mean = 0;            // deviation of a channel's mean, in units of its scale
  unsigned seed = 1;
};

/// A square picture of separable first-order autoregressive noise, as rows in the order of a layout: channel c is
/// scale_c * (field_c + mean_c), and every field_c has the variance 1.
class RandomField {
 public:
  RandomField(const FieldShape& shape, int tile_side)
      : shape_(shape),
        layout_(TokenLayout::Tiled({shape.side, shape.side}, tile_side)),
        values_(layout_.raster_of().size() * static_cast<std::size_t>(shape.channels)) {
    std::mt19937 random(shape.seed);
    for (int c = 0; c < shape.channels; ++c) {
      const double scale = std::exp(shape.channel_spread * normal_(random));
      const double mean = shape.mean * normal_(random);
      const std::vector<double> picture = Picture(random);
      for (int r = 0; r < rows(); ++r) view().row(r)[c] = static_cast<float>(scale * (picture[layout_.raster_of()[r]] + mean));
    }
  }

  const TokenLayout& layout() const { return layout_; }
  int rows() const { return shape_.side * shape_.side; }
  kernels::TokenView<float> view() { return {values_.data(), rows(), shape_.channels, shape_.channels}; }
  kernels::TokenView<const float> view() const { return {values_.data(), rows(), shape_.channels, shape_.channels}; }
  const std::vector<float>& values() const { return values_; }

  /// |row|^2.
  double Energy(int row) const {
    double energy = 0;
    for (int c = 0; c < shape_.channels; ++c) energy += std::pow(view().row(row)[c], 2);
    return energy;
  }

 private:
  std::vector<double> Picture(std::mt19937& random) {
    const int side = shape_.side;
    const double keep = shape_.correlation, fresh = std::sqrt(1 - keep * keep);
    std::vector<double> picture(static_cast<std::size_t>(side) * side);
    for (double& value : picture) value = normal_(random);
    for (int y = 0; y < side; ++y) {
      for (int x = 1; x < side; ++x) picture[y * side + x] = keep * picture[y * side + x - 1] + fresh * picture[y * side + x];
    }
    for (int y = 1; y < side; ++y) {
      for (int x = 0; x < side; ++x) picture[y * side + x] = keep * picture[(y - 1) * side + x] + fresh * picture[y * side + x];
    }
    return picture;
  }

  FieldShape shape_;
  TokenLayout layout_;
  std::normal_distribution<double> normal_;
  std::vector<float> values_;
};

}  // namespace stampd::testing
