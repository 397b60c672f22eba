#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include <ATen/ATen.h>

#include "engine/base/token_layout.h"
#include "engine/kernels/token_view.h"
#include "engine/ops/segment.h"

namespace stampd::testing {

/// Grids of tokens one after the other in a pack, each in tiles of its own side.
class PackedGrids {
 public:
  struct Part {
    Grid grid;
    int side = 8;
  };

  PackedGrids(std::initializer_list<Part> parts) {
    for (const Part& part : parts) layouts_.push_back(TokenLayout::Tiled(part.grid, part.side));
    for (const TokenLayout& layout : layouts_) {
      segments_.push_back({tokens_, layout.grid().tokens(), &layout});
      tokens_ += layout.grid().tokens();
    }
  }
  PackedGrids(const PackedGrids&) = delete;
  PackedGrids& operator=(const PackedGrids&) = delete;

  ops::Segments segments() const { return segments_; }
  std::int64_t tokens() const { return tokens_; }

 private:
  std::vector<TokenLayout> layouts_;
  std::vector<ops::Segment> segments_;
  std::int64_t tokens_ = 0;
};

/// Activations like a network's: every channel has a mean and a spread of its own.
inline torch::Tensor DrawTokens(std::int64_t tokens, std::int64_t width) {
  return at::randn({tokens, width}) * at::randn({width}).mul(0.7).exp() + at::randn({width});
}

/// A dense matrix in double precision, as reference kernels take it.
inline kernels::TokenView<double> DoubleView(const torch::Tensor& x) {
  return {x.data_ptr<double>(), static_cast<int>(x.size(0)), static_cast<int>(x.size(1)), x.stride(0)};
}

/// 20 log10(|expected| / |actual - expected|).
inline double SqnrDb(const torch::Tensor& actual, const torch::Tensor& expected) {
  const torch::Tensor exact = expected.to(torch::kFloat64);
  return 20 * at::log10(exact.norm() / (actual.to(torch::kFloat64) - exact).norm()).item<double>();
}

}  // namespace stampd::testing
