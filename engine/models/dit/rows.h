#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/layers/attention.h"
#include "engine/models/networks.h"
#include "engine/ops/segment.h"
#include "engine/quant/recipe.h"

/// What diffusion transformers are given, checked, and packed.

namespace stampd::models::dit {

/// What one network takes; its name is for messages ("[pixart] …").
struct Intake {
  std::string_view network;
  int channels = 0;
  int patch_size = 1;
  std::int64_t text_width = 0;
};

/// BadRequest unless `embeddings` are [tokens, text_width], at least one.
void CheckEmbeddings(const Intake& intake, const torch::Tensor& embeddings);

/// Tiles of the side that `recipe` gives a latent of that size; BadRequest if patches do not cover it.
TokenLayout LayoutOf(const Intake& intake, int latent_height, int latent_width, const quant::Recipe& recipe);

/// BadRequest unless the row has a PreparedText, a layout, and a latent of the layout's size.
void CheckRow(const Intake& intake, const DenoiserRow& row);

/// Of rows that were checked: one segment for each, and what block `block` has prepared of their texts.
std::vector<ops::Segment> SegmentsOf(std::span<const DenoiserRow> rows);
std::vector<const layers::KeysAndValues*> TextsOf(std::span<const DenoiserRow> rows, std::size_t block);

}  // namespace stampd::models::dit
