#pragma once

#include <string>

#include "engine/pipeline.h"
#include "server/hosted_model.h"

namespace stampd::server {

enum class ImageFormat { kPng, kJpeg, kWebp, kRgb8, kLatentF32 };

/// "png", "jpeg", "webp", "rgb8", "latent_f32": labels of metrics and fields of logs.
std::string_view Name(ImageFormat format);

/// True of those that a picture viewer opens, and that can hold metadata: PNG, JPEG, WebP.
bool IsEncoded(ImageFormat format);

struct OutputOptions {
  ImageFormat format = ImageFormat::kPng;
  int quality = 90;  // 1 to 100; JPEG and WebP
  bool embed_metadata = false;
};

/// A request that passed every check, with every default filled in.
struct Order {
  const HostedModel* model = nullptr;
  Request request;
  OutputOptions output;
  int preview_every = 0;  // steps; 0: no previews
  int preview_side = 0;   // pixels; 0: one per latent
  std::string request_id;
};

}  // namespace stampd::server
