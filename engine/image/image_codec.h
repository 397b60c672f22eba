#pragma once

#include <string>
#include <string_view>

#include "engine/pipeline.h"

namespace stampd {

enum class ImageFormat { kPng, kJpeg, kWebp, kRgb8, kLatentF32 };

/// "png", "jpeg", "webp", "rgb8", "latent_f32".
std::string_view Name(ImageFormat format);

/// True of those that a picture viewer opens, and that can hold metadata: PNG, JPEG, WebP.
bool IsEncoded(ImageFormat format);

/// The picture as a file of `format`, or its bytes as they are for kRgb8 and kLatentF32. `quality` (1 to 100) counts for JPEG and
/// WebP. A latent can only be kLatentF32, an RGB picture anything else. Throws Broken if the codec refuses. Any thread.
std::string EncodePicture(const Picture& picture, ImageFormat format, int quality);

}  // namespace stampd
