#include "engine/models/autoencoder_kl/tiling.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_kl {
namespace {

constexpr std::int64_t kRows = 2;
constexpr std::int64_t kColumns = 3;

// A piece of at most `length` along `dim`, from `begin`.
torch::Tensor Piece(const torch::Tensor& x, std::int64_t dim, std::int64_t begin, std::int64_t length) {
  return x.narrow(dim, begin, std::min(length, x.size(dim) - begin));
}

// A copy, so that the tile itself can go.
torch::Tensor LastOf(const torch::Tensor& x, std::int64_t dim, std::int64_t length) {
  const std::int64_t count = std::min(length, x.size(dim));
  return x.narrow(dim, x.size(dim) - count, count).clone();
}

// Fades from the end of `before` into the beginning of `tile`, in place.
void Blend(const torch::Tensor& before, const torch::Tensor& tile, std::int64_t dim) {
  const std::int64_t extent = std::min(before.size(dim), tile.size(dim));
  torch::Tensor weight = at::arange(extent, tile.options().dtype(torch::kFloat32)).div_(static_cast<double>(extent));
  if (dim == kRows) weight = weight.unsqueeze(1);
  const torch::Tensor start = tile.narrow(dim, 0, extent);
  const torch::Tensor end = before.narrow(dim, before.size(dim) - extent, extent);
  start.copy_(end * (1 - weight) + start * weight);
}

}  // namespace

Tiling Tiling::ForSampleSize(std::int64_t sample_size, std::int64_t factor) {
  constexpr std::int64_t kQuarters = 4;  // stride and overlap are whole only where the tile is in quarters
  return {.tile = std::max(sample_size / factor / kQuarters * kQuarters, kQuarters), .factor = factor};
}

torch::Tensor DecodeTiled(const torch::Tensor& z, const Tiling& tiling,
                          const std::function<torch::Tensor(const torch::Tensor&)>& decode) {
  const std::int64_t blend = tiling.overlap() * tiling.factor;
  const std::int64_t keep = tiling.stride() * tiling.factor;
  torch::Tensor picture;
  std::vector<torch::Tensor> above;  // the lower edges of the row of tiles before, blended
  for (std::int64_t top = 0; top < z.size(kRows); top += tiling.stride()) {
    std::vector<torch::Tensor> lower;
    torch::Tensor left;  // the right edge of the tile before, blended
    for (std::int64_t column = 0; column < z.size(kColumns); column += tiling.stride()) {
      const torch::Tensor tile = decode(Piece(Piece(z, kRows, top, tiling.tile), kColumns, column, tiling.tile));
      if (!picture.defined()) {
        picture = at::empty({1, tile.size(1), z.size(kRows) * tiling.factor, z.size(kColumns) * tiling.factor}, tile.options());
      }
      if (!above.empty()) Blend(above[lower.size()], tile, kRows);
      if (left.defined()) Blend(left, tile, kColumns);
      lower.push_back(LastOf(tile, kRows, blend));
      left = LastOf(tile, kColumns, blend);
      const torch::Tensor place = Piece(Piece(picture, kRows, top * tiling.factor, keep), kColumns, column * tiling.factor, keep);
      place.copy_(Piece(Piece(tile, kRows, 0, keep), kColumns, 0, keep));
    }
    above = std::move(lower);
  }
  return picture;
}

}  // namespace stampd::models::autoencoder_kl
