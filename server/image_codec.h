#pragma once

#include <string>

#include "engine/pipeline.h"
#include "server/order.h"

namespace stampd::server {

/// The picture as a file of `format`, or its bytes as they are for kRgb8 and kLatentF32. `quality` (1 to 100) counts for JPEG and
/// WebP. A latent can only be kLatentF32, an RGB picture anything else. Throws Broken if the codec refuses. Any thread.
std::string EncodePicture(const Picture& picture, ImageFormat format, int quality);

}  // namespace stampd::server
