#include "engine/models/tiled_decoding.h"

#include <utility>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace stampd::models {
namespace {

constexpr std::int64_t kFactor = 2;

torch::Tensor Repeat(const torch::Tensor& z) { return at::upsample_nearest2d(z, {z.size(2) * kFactor, z.size(3) * kFactor}); }

// With a decoder that only repeats pixels, tiles agree where they overlap, so blending must change nothing.
TEST(TiledDecodingTest, TilesThatAgreeGiveThePictureWhole) {
  for (const std::int64_t stride : {8, 7, 6, 4}) {
    for (const auto& [height, width] : {std::pair{1, 9}, std::pair{8, 8}, std::pair{13, 30}, std::pair{25, 7}}) {
      const torch::Tensor z = at::randn({1, 3, height, width});
      const torch::Tensor pixels = DecodeTiled(z, {.tile = 8, .stride = stride, .factor = kFactor}, Repeat);
      EXPECT_TRUE(at::allclose(pixels, Repeat(z), 1e-6, 1e-6)) << height << "x" << width << " every " << stride;
    }
  }
}

// Tiles of one colour each, along one line: what lies between two of them fades by the pixel.
TEST(TiledDecodingTest, FadesFromTileToTileWhereTheyOverlap) {
  int tiles = 0;
  const auto count = [&](const torch::Tensor& z) { return at::full_like(Repeat(z), tiles++); };
  const torch::Tensor pixels = DecodeTiled(at::zeros({1, 1, 1, 6}), {.tile = 4, .stride = 2, .factor = kFactor}, count);
  const torch::Tensor expected = at::tensor({0., 0., 0., 0., 0., .25, .5, .75, 1., 1.25, 1.5, 1.75});
  EXPECT_TRUE(at::equal(pixels.select(2, 0).flatten(), expected.to(torch::kFloat32))) << pixels;
}

}  // namespace
}  // namespace stampd::models
