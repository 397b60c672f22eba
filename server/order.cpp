#include "server/order.h"

namespace stampd::server {

std::string_view Name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kPng:
      return "png";
    case ImageFormat::kJpeg:
      return "jpeg";
    case ImageFormat::kWebp:
      return "webp";
    case ImageFormat::kRgb8:
      return "rgb8";
    case ImageFormat::kLatentF32:
      return "latent_f32";
  }
  return "";
}

bool IsEncoded(ImageFormat format) { return format != ImageFormat::kRgb8 && format != ImageFormat::kLatentF32; }

}  // namespace stampd::server
