#include "engine/models/tiled_decoding.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace stampd::models {
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

// The picture so far, and of its tiles no more than the edges that the next ones blend with. Those edges are blended themselves.
class TiledPicture {
 public:
  TiledPicture(const Tiling& tiling, std::int64_t height, std::int64_t width)
      : tiling_(tiling), height_(height * tiling.factor), width_(width * tiling.factor) {}

  // Takes the decoded tile that begins at latent (top, left), which it changes. Tiles come row by row, from left to right.
  void Place(const torch::Tensor& tile, std::int64_t top, std::int64_t left);
  void EndRow();
  const torch::Tensor& pixels() const { return pixels_; }

 private:
  Tiling tiling_;
  std::int64_t height_, width_;  // pixels
  torch::Tensor pixels_;
  torch::Tensor edge_of_left_;              // none for the first tile of a row
  std::vector<torch::Tensor> edges_above_;  // none in the first row
  std::vector<torch::Tensor> lower_edges_;  // of this row
};

void TiledPicture::Place(const torch::Tensor& tile, std::int64_t top, std::int64_t left) {
  const std::int64_t blend = tiling_.overlap() * tiling_.factor;
  const std::int64_t keep = tiling_.stride * tiling_.factor;
  if (!pixels_.defined()) pixels_ = at::empty({1, tile.size(1), height_, width_}, tile.options());
  if (!edges_above_.empty()) Blend(edges_above_[lower_edges_.size()], tile, kRows);
  if (edge_of_left_.defined()) Blend(edge_of_left_, tile, kColumns);
  lower_edges_.push_back(LastOf(tile, kRows, blend));
  edge_of_left_ = LastOf(tile, kColumns, blend);
  const torch::Tensor place = Piece(pixels_, kRows, top * tiling_.factor, keep);
  Piece(place, kColumns, left * tiling_.factor, keep).copy_(Piece(Piece(tile, kRows, 0, keep), kColumns, 0, keep));
}

void TiledPicture::EndRow() {
  edges_above_ = std::exchange(lower_edges_, {});
  edge_of_left_.reset();
}

}  // namespace

torch::Tensor DecodeTiled(const torch::Tensor& z, const Tiling& tiling, const DecoderNetwork& decode) {
  TiledPicture picture(tiling, z.size(kRows), z.size(kColumns));
  for (std::int64_t top = 0; top < z.size(kRows); top += tiling.stride) {
    for (std::int64_t left = 0; left < z.size(kColumns); left += tiling.stride) {
      picture.Place(decode(Piece(Piece(z, kRows, top, tiling.tile), kColumns, left, tiling.tile)), top, left);
    }
    picture.EndRow();
  }
  return picture.pixels();
}

}  // namespace stampd::models
