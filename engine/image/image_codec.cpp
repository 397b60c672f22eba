#include "engine/image/image_codec.h"

#include <utility>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

namespace stampd {
namespace {

std::string Raw(const Picture& picture) { return {picture.bytes.begin(), picture.bytes.end()}; }

// OpenCV keeps blue first.
cv::Mat SwapRedAndBlue(const Picture& picture) {
  cv::Mat image(picture.height, picture.width, CV_8UC3);
  unsigned char* out = image.data;
  for (std::size_t i = 0; i + 2 < picture.bytes.size(); i += 3) {
    out[i] = picture.bytes[i + 2];
    out[i + 1] = picture.bytes[i + 1];
    out[i + 2] = picture.bytes[i];
  }
  return image;
}

void CheckSize(const Picture& picture) {
  const std::size_t expected = static_cast<std::size_t>(picture.width) * picture.height * 3;
  if (picture.kind == Picture::Kind::kRgb8 && picture.channels == 3 && picture.bytes.size() == expected) return;
  throw Broken("[image_codec] expected an RGB picture of " + std::to_string(expected) + " bytes, found " +
               std::to_string(picture.bytes.size()));
}

}  // namespace

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

std::string EncodePicture(const Picture& picture, ImageFormat format, int quality) {
  const bool is_latent = picture.kind == Picture::Kind::kLatentF32;
  if (is_latent != (format == ImageFormat::kLatentF32)) {
    throw Broken("[image_codec] a " + std::string(is_latent ? "latent" : "picture") + " can't be " + std::string(Name(format)));
  }
  if (is_latent) return Raw(picture);
  CheckSize(picture);
  if (format == ImageFormat::kRgb8) return Raw(picture);
  std::vector<int> parameters;
  if (format == ImageFormat::kJpeg) parameters = {cv::IMWRITE_JPEG_QUALITY, quality};
  if (format == ImageFormat::kWebp) parameters = {cv::IMWRITE_WEBP_QUALITY, quality};
  std::vector<unsigned char> file;
  try {
    if (cv::imencode("." + std::string(Name(format)), SwapRedAndBlue(picture), file, parameters)) return {file.begin(), file.end()};
  } catch (const cv::Exception& e) {
    throw Broken("[image_codec] " + std::string(Name(format)) + ": " + e.what());
  }
  throw Broken("[image_codec] " + std::string(Name(format)) + ": the codec refused the picture");
}

}  // namespace stampd
