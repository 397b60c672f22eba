#pragma once

#include <array>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "engine/models/networks.h"
#include "tests/golden.h"

namespace stampd::testing {

/// Rows for a denoiser with all that they point to: sizes, timesteps, texts and guidance drawn at random, the same in every run.
class DrawnRows {
 public:
  using Sizes = std::span<const std::array<int, 2>>;  // of latents, height and width

  DrawnRows(const models::Denoiser& network, Sizes sizes) : network_(network), sizes_(sizes) {}

  int Draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  std::vector<models::DenoiserRow> Next(int count) {
    std::vector<models::DenoiserRow> rows;
    for (int r = 0; r < count; ++r) {
      const auto [height, width] = sizes_[static_cast<std::size_t>(Draw(static_cast<int>(sizes_.size())))];
      layouts_.push_back(network_.Layout(height, width));
      texts_.push_back(network_.PrepareText(at::randn({1 + Draw(20), network_.text_width()})));
      rows.push_back({.latent = at::randn({network_.latent_channels(), height, width}),
                      .timestep = static_cast<double>(Draw(1000)),
                      .text = texts_.back().get(),
                      .layout = &layouts_.back(),
                      .guidance = 0.5 * Draw(20)});
    }
    return rows;
  }

 private:
  const models::Denoiser& network_;
  Sizes sizes_;
  std::mt19937 random_{5};
  std::deque<TokenLayout> layouts_;
  std::deque<std::shared_ptr<const models::TextContext>> texts_;
};

/// Packs `mixes` times a few rows of those sizes: each must be byte for byte what it is alone.
inline void ExpectEachAsAlone(const models::Denoiser& network, DrawnRows::Sizes sizes, int mixes) {
  at::manual_seed(3);
  DrawnRows drawn(network, sizes);
  for (int mix = 0; mix < mixes; ++mix) {
    const std::vector<models::DenoiserRow> rows = drawn.Next(2 + drawn.Draw(4));
    const std::vector<torch::Tensor> packed = network.Forward(rows);
    ASSERT_EQ(packed.size(), rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const torch::Tensor alone = network.Forward({&rows[r], 1}).front();
      EXPECT_TRUE(torch::isfinite(alone).all().item<bool>());
      EXPECT_TRUE(at::equal(packed[r], alone))
          << "mix " << mix << ", row " << r << " of " << rows.size() << ": differ by " << RelativeError(packed[r], alone);
    }
  }
}

}  // namespace stampd::testing
