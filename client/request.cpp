#include "client/request.h"

namespace stampd::client {
namespace {

void SetOutput(const Wish& wish, v1::Output& output) {
  output.set_format(wish.format);
  if (wish.quality) output.set_quality(*wish.quality);
  output.set_embed_metadata(wish.embed_metadata);
}

}  // namespace

v1::GenerateRequest MakeRequest(const Wish& wish) {
  v1::GenerateRequest request;
  request.set_model(wish.model);
  request.set_prompt(wish.prompt);
  request.set_negative_prompt(wish.negative_prompt);
  request.set_width(wish.size.width);
  request.set_height(wish.size.height);
  request.set_steps(wish.steps);
  if (wish.guidance_scale) request.set_guidance_scale(*wish.guidance_scale);
  if (wish.seed) request.set_seed(*wish.seed);
  request.set_num_images(wish.count);
  SetOutput(wish, *request.mutable_output());
  request.set_precision(wish.precision);
  request.set_scheduler(wish.scheduler);
  request.set_request_id(wish.request_id);
  request.mutable_preview()->set_every_n_steps(wish.preview_every);
  request.mutable_preview()->set_max_side(wish.preview_side);
  if (wish.clean_caption) request.set_clean_caption(*wish.clean_caption);
  if (wish.use_resolution_binning) request.set_use_resolution_binning(*wish.use_resolution_binning);
  return request;
}

}  // namespace stampd::client
