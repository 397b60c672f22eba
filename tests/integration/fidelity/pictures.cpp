#include "tests/integration/fidelity/pictures.h"

#include <cstdio>
#include <fstream>
#include <iterator>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/base/error.h"

namespace stampd::fidelity {

std::string PictureName(std::size_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "%03zu", index);
  return name;
}

cv::Mat ReadPicture(const std::filesystem::path& folder, std::size_t index) {
  for (const char* extension : {".png", ".jpg"}) {
    const std::filesystem::path path = folder / (PictureName(index) + extension);
    std::ifstream stream(path, std::ios::binary);
    if (stream) return DecodePicture(std::string(std::istreambuf_iterator<char>(stream), {}), path.string());
  }
  throw Broken("[pictures] " + folder.string() + ": expected " + PictureName(index) + ".png or .jpg, found neither");
}

cv::Mat DecodePicture(const std::string& file, const std::string& name) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<char*>(file.data()));
  cv::Mat picture = file.empty() ? cv::Mat() : cv::imdecode(bytes, cv::IMREAD_COLOR);
  if (picture.empty()) throw Broken("[pictures] " + name + ": expected a picture, found other bytes");
  cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  return picture;
}

}  // namespace stampd::fidelity
