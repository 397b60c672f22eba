#include "engine/models/dit/rows.h"

#include <sstream>
#include <string>

#include "engine/base/error.h"
#include "engine/models/dit/prepared_text.h"

namespace stampd::models::dit {
namespace {

template <typename Expected, typename Found>
[[noreturn]] void Refuse(const Intake& intake, const std::string& field, const Expected& expected, const Found& found) {
  std::ostringstream text;
  text << '[' << intake.network << "] expected " << expected << ", found " << found;
  throw BadRequest(field, text.str());
}

}  // namespace

void CheckEmbeddings(const Intake& intake, const torch::Tensor& embeddings) {
  if (embeddings.dim() == 2 && embeddings.size(0) > 0 && embeddings.size(1) == intake.text_width) return;
  Refuse(intake, "embeddings", "[tokens, " + std::to_string(intake.text_width) + "]", embeddings.sizes());
}

TokenLayout LayoutOf(const Intake& intake, int latent_height, int latent_width, const quant::Recipe& recipe) {
  const int patch = intake.patch_size;
  if (latent_height < patch || latent_width < patch || latent_height % patch != 0 || latent_width % patch != 0) {
    Refuse(intake, "latent", "sides that divide by " + std::to_string(patch),
           std::to_string(latent_height) + "x" + std::to_string(latent_width));
  }
  const Grid grid{latent_height / patch, latent_width / patch};
  return TokenLayout::Tiled(grid, recipe.SideFor(grid.tokens()));
}

void CheckRow(const Intake& intake, const DenoiserRow& row) {
  if (row.layout == nullptr || dynamic_cast<const PreparedText*>(row.text) == nullptr) {
    Refuse(intake, "row", "a layout and a text that were made by this network", "others");
  }
  const auto [height, width] = row.layout->grid();
  const std::vector<std::int64_t> expected = {intake.channels, height * intake.patch_size, width * intake.patch_size};
  if (row.latent.sizes() != at::IntArrayRef(expected)) Refuse(intake, "latent", at::IntArrayRef(expected), row.latent.sizes());
}

std::vector<ops::Segment> SegmentsOf(std::span<const DenoiserRow> rows) {
  std::vector<ops::Segment> segments;
  std::int64_t first = 0;
  for (const DenoiserRow& row : rows) {
    segments.push_back({first, row.layout->grid().tokens(), row.layout});
    first += segments.back().tokens;
  }
  return segments;
}

std::vector<const layers::KeysAndValues*> TextsOf(std::span<const DenoiserRow> rows, std::size_t block) {
  std::vector<const layers::KeysAndValues*> texts;
  for (const DenoiserRow& row : rows) texts.push_back(&static_cast<const PreparedText*>(row.text)->block(block));
  return texts;
}

}  // namespace stampd::models::dit
