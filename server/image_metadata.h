#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/order.h"

namespace stampd::server {

/// What to say about a picture so that it can be painted again, as one JSON object: program, version, model, model_digest, prompt,
/// negative_prompt, seed, steps, guidance_scale, width, height, scheduler, precision, clean_caption, use_resolution_binning.
/// Text is UTF-8; with `ascii`, everything else is escaped as \uXXXX. Prompts longer than `max_prompt_bytes` are cut at a
/// character, and `"prompt_cut": true` says so.
std::string MetadataJson(const Order& order, std::uint64_t seed, bool ascii, std::size_t max_prompt_bytes = SIZE_MAX);

/// `file` with that JSON inside: a PNG's iTXt chunk "stampd", a JPEG's and WebP's EXIF ImageDescription (ASCII, as EXIF asks). A
/// JPEG's segment holds 64 KiB: prompts are cut to what fits. `width` and `height` are the picture's.
std::string EmbedMetadata(std::string_view file, const Order& order, int width, int height, std::uint64_t seed);

}  // namespace stampd::server
