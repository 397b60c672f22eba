#include "tests/server/fake_pipeline.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace stampd::server {
namespace {

class FakeSample final : public Sample {
 public:
  FakeSample(Request request, std::uint64_t seed) : request_(std::move(request)), seed_(seed) {}

  int step() const override { return step_; }
  int total_steps() const override { return request_.steps; }
  int rows() const override { return *request_.guidance_scale > 1 ? 2 : 1; }
  std::uint64_t seed() const override { return seed_; }

  void Advance() { ++step_; }
  const Request& request() const { return request_; }

 private:
  Request request_;
  std::uint64_t seed_;
  int step_ = 0;
};

const FakeSample& Fake(const Sample& sample) { return static_cast<const FakeSample&>(sample); }

Picture Flat(int width, int height, std::uint64_t seed) {
  Picture picture;
  picture.width = width;
  picture.height = height;
  const auto colour = ColourOf(seed);
  for (int i = 0; i < width * height; ++i) picture.bytes.insert(picture.bytes.end(), colour.begin(), colour.end());
  return picture;
}

}  // namespace

std::vector<std::uint8_t> ColourOf(std::uint64_t seed) {
  return {static_cast<std::uint8_t>(40 + seed % 150), static_cast<std::uint8_t>(200 - seed % 150), 90};
}

FakePipeline::FakePipeline() {
  facts.family = "FakePipeline";
  facts.digest = std::string(64, 'a');
  facts.precisions = {Precision::kBf16};
  facts.parameters = 123;
  facts.resident_bytes = 456;
  facts.schedulers = {"dpm++", "euler"};
  facts.default_width = facts.default_height = 64;
  facts.min_side = 16;
  facts.max_side = 4096;
  facts.max_pixels = 2048 * 2048;
  facts.size_multiple = 8;
  facts.default_steps = 4;
  facts.max_steps = 200;
  facts.default_guidance_scale = 4.5;
  facts.max_guidance_scale = 30;
  facts.max_prompt_tokens = 300;
  facts.latent_channels = 4;
  facts.latent_factor = 8;
}

std::vector<FieldViolation> FakePipeline::Check(const Request& request) const {
  std::vector<FieldViolation> violations;
  const auto check = [&](const char* field, int side) {
    if (side % facts.size_multiple != 0) violations.push_back({field, "is " + std::to_string(side) + "; expected a multiple of 8"});
  };
  check("width", request.width);
  check("height", request.height);
  return violations;
}

std::vector<std::unique_ptr<Sample>> FakePipeline::Begin(const Request& request) const {
  {
    const std::lock_guard lock(mutex_);
    begun_.push_back(request);
  }
  before(Verb::kBegin, request);
  std::vector<std::unique_ptr<Sample>> samples;
  for (int i = 0; i < request.num_images; ++i) samples.push_back(std::make_unique<FakeSample>(request, request.seed + i));
  return samples;
}

void FakePipeline::Step(std::span<Sample* const> samples) const {
  before(Verb::kStep, Fake(*samples.front()).request());
  std::this_thread::sleep_for(step_delay);
  for (Sample* sample : samples) static_cast<FakeSample*>(sample)->Advance();
  ++steps_run_;
}

Picture FakePipeline::Finish(const Sample& sample, Picture::Kind kind) const {
  const Request& request = Fake(sample).request();
  before(Verb::kFinish, request);
  if (kind == Picture::Kind::kRgb8) return Flat(request.width, request.height, sample.seed());
  const int width = request.width / facts.latent_factor, height = request.height / facts.latent_factor;
  const std::vector<float> latent(static_cast<std::size_t>(width) * height * facts.latent_channels,
                                  static_cast<float>(sample.seed()));
  Picture picture;
  picture.kind = kind;
  picture.width = width;
  picture.height = height;
  picture.channels = facts.latent_channels;
  picture.bytes.resize(latent.size() * sizeof(float));
  std::memcpy(picture.bytes.data(), latent.data(), picture.bytes.size());
  return picture;
}

Picture FakePipeline::Preview(const Sample& sample, int max_side) const {
  const Request& request = Fake(sample).request();
  before(Verb::kPreview, request);
  const int width = request.width / facts.latent_factor, height = request.height / facts.latent_factor;
  const int shrink = max_side == 0 ? 1 : (std::max(width, height) + max_side - 1) / max_side;
  return Flat(std::max(1, width / shrink), std::max(1, height / shrink), sample.seed());
}

std::vector<std::string> FakePipeline::begun() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> prompts;
  for (const Request& request : begun_) prompts.push_back(request.prompt);
  return prompts;
}

Request FakePipeline::last_request() const {
  const std::lock_guard lock(mutex_);
  return begun_.back();
}

}  // namespace stampd::server
