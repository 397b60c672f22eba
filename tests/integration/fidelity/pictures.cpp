#include "tests/integration/fidelity/pictures.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "client/report_error.h"
#include "engine/base/error.h"

namespace stampd::fidelity {

std::filesystem::path PicturePath(const std::filesystem::path& folder, std::size_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "%03zu.png", index);
  return folder / name;
}

cv::Mat ReadPicture(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Broken("[pictures] " + file.string() + ": cannot be opened");
  return DecodePicture(std::string(std::istreambuf_iterator<char>(stream), {}), file.string());
}

cv::Mat DecodePicture(const std::string& file, const std::string& name) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<char*>(file.data()));
  cv::Mat picture = file.empty() ? cv::Mat() : cv::imdecode(bytes, cv::IMREAD_COLOR);
  if (picture.empty()) throw Broken("[pictures] " + name + ": expected a picture, found other bytes");
  cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  return picture;
}

std::string Paint(const client::Wish& wish, const client::ServerOptions& server) {
  const v1::GenerateRequest request = client::MakeRequest(wish);
  v1::GenerateResponse response;
  const client::Outcome outcome =
      client::Run(server, [&](auto& stub, auto& context) { return stub.Generate(&context, request, &response); });
  if (!outcome.status.ok()) throw std::runtime_error(client::DescribeError(outcome, server.address));
  if (response.images_size() != 1)
    throw std::runtime_error("expected one picture, the server sent " + std::to_string(response.images_size()));
  return std::move(*response.mutable_images(0)->mutable_data());
}

}  // namespace stampd::fidelity
