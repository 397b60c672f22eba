#pragma once

#include <string>

#include "engine/image/image_codec.h"
#include "engine/pipeline.h"
#include "server/hosted_model.h"

namespace stampd::server {

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
