#include "engine/tools/measure/autocorrelation.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/base/error.h"
#include "engine/image/image_codec.h"
#include "engine/io/checkpoint.h"
#include "engine/ops/quantized_tokens.h"
#include "engine/quant/layer_pattern.h"
#include "engine/quant/token_plan.h"
#include "engine/tools/measure/capture.h"
#include "engine/tools/measure/plot.h"
#include "engine/tools/measure/retiled.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

constexpr double kDarkest = 1e-3, kBrightest = 100;  // of a token's mean energy
constexpr int kMostPixels = 1024;

// E[X Xᵀ] over everything that was added, and where each token lies.
class Correlation {
 public:
  void Add(const torch::Tensor& x) {
    const torch::Tensor product = at::mm(x, x.t());
    sum_ = sum_.defined() ? sum_ + product : product;
  }

  /// In units of a token's mean energy, rows and columns in `order`.
  torch::Tensor Normalised(const torch::Tensor& order) const {
    const torch::Tensor ordered = sum_.index_select(0, order).index_select(1, order);
    return ordered / ordered.diagonal().mean();
  }

  bool empty() const { return !sum_.defined(); }

 private:
  torch::Tensor sum_;
};

torch::Tensor RasterOrder(const TokenLayout& layout) {
  std::vector<std::int64_t> order(layout.raster_of().size());
  for (std::size_t row = 0; row < order.size(); ++row)
    order[static_cast<std::size_t>(layout.raster_of()[row])] = static_cast<std::int64_t>(row);
  return torch::tensor(order);
}

// The first coefficient of every tile, then the second of every tile, and so on.
torch::Tensor LowToHighOrder(const TokenLayout& layout, const kernels::TileTransform& transform) {
  std::vector<std::pair<double, std::int64_t>> rows;  // how far up a tile's coefficients, and which row
  for (const Tile& tile : layout.tiles()) {
    const std::vector<int> order = quant::LowToHigh(transform, tile.side);
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      rows.emplace_back(static_cast<double>(rank) / static_cast<double>(order.size()), tile.first_row + order[rank]);
    }
  }
  std::ranges::sort(rows);
  std::vector<std::int64_t> order;
  for (const auto& [rank, row] : rows) order.push_back(row);
  return torch::tensor(order);
}

std::uint8_t Shade(double value) {
  const double share = std::log(std::max(std::abs(value), kDarkest) / kDarkest) / std::log(kBrightest / kDarkest);
  return static_cast<std::uint8_t>(std::lround(255 * std::min(1.0, share)));
}

void WriteMatrix(const torch::Tensor& matrix, const std::filesystem::path& file) {
  const std::int64_t shrink = (matrix.size(0) + kMostPixels - 1) / kMostPixels;
  const torch::Tensor small =
      at::avg_pool2d(matrix.abs().unsqueeze(0), {shrink, shrink}).squeeze(0).to(torch::kFloat32).contiguous();
  Picture picture{.kind = Picture::Kind::kRgb8,
                  .width = static_cast<int>(small.size(1)),
                  .height = static_cast<int>(small.size(0)),
                  .bytes = {}};
  const float* const values = small.data_ptr<float>();
  for (std::int64_t i = 0; i < small.numel(); ++i) picture.bytes.insert(picture.bytes.end(), 3, Shade(values[i]));
  WriteFile(file, EncodePicture(picture, ImageFormat::kPng, /*quality=*/100));
}

Line EnergyLine(std::string name, const torch::Tensor& matrix) {
  const torch::Tensor sorted = std::get<0>(matrix.diagonal().sort(0, /*descending=*/true)).to(torch::kFloat64).contiguous();
  Line line{.name = std::move(name), .x = {}, .y = {}};
  const double* const energy = sorted.data_ptr<double>();
  for (std::int64_t i = 0; i < sorted.numel(); ++i) {
    line.x.push_back(static_cast<double>(i + 1));
    line.y.push_back(10 * std::log10(energy[i]));
  }
  return line;
}

}  // namespace

void PlotAutocorrelation(const CompareOptions& options, const std::string& layer, const quant::Recipe& recipe,
                         const std::filesystem::path& prefix) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.load.folder, options.load.components);
  Capture capture(checkpoint, torch::kFloat32, options.request);
  std::string name;  // of the first linear that matches
  std::optional<TokenLayout> layout;
  Correlation before, after;
  for (const Prompt& prompt : options.prompts) {
    capture.Paint(prompt, [&](int, const std::string& seen, const layers::LinearCall& call) {
      if (name.empty() && quant::MatchesLayer(layer, seen)) name = seen;
      if (seen != name) return;
      const Retiled retiled(call.segments, recipe);
      const torch::Tensor x = retiled.Rows(call.x).to(torch::kFloat32);
      torch::Tensor transformed = x.clone();
      ops::ForwardAlongTokens(transformed, retiled.segments(), recipe.linear.tile_transform());
      for (const ops::Segment& segment : retiled.segments()) {
        before.Add(ops::RowsOf(x, segment));
        after.Add(ops::RowsOf(transformed, segment));
      }
      layout = *retiled.segments().front().layout;
    });
  }
  if (before.empty())
    throw Broken("[autocorrelation] expected a linear over image tokens, found none that matches '" + layer + "'");

  const torch::Tensor plain = before.Normalised(RasterOrder(*layout));
  const torch::Tensor mixed = after.Normalised(LowToHighOrder(*layout, recipe.linear.tile_transform()));
  WriteMatrix(plain, prefix.string() + "-before.png");
  WriteMatrix(mixed, prefix.string() + "-after.png");
  const Axes axes{.title = "Energy of the tokens of " + name, .x = "tokens, by energy", .y = "dB above the mean"};
  WriteFile(prefix.string() + "-energy.svg", Plot(axes, {EnergyLine("tokens", plain), EnergyLine("transformed", mixed)}));
}

}  // namespace stampd::tools
