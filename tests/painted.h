#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "engine/pipeline.h"
#include "tests/golden.h"
#include "tests/tiny_pipeline.h"

namespace stampd::testing {

/// The sample's latent as it stands.
inline torch::Tensor Latent(const Pipeline& pipeline, const Sample& sample) {
  const Picture picture = pipeline.Finish(sample, Picture::Kind::kLatentF32);
  torch::Tensor latent = torch::empty({picture.channels, picture.height, picture.width});
  std::memcpy(latent.data_ptr(), picture.bytes.data(), picture.bytes.size());
  return latent;
}

/// The share of values that differ by more than one of 255; `expected` [height, width, 3] uint8.
inline double Differing(const Picture& picture, const torch::Tensor& expected) {
  EXPECT_EQ(expected.sizes(), (at::IntArrayRef{picture.height, picture.width, 3}));
  int differing = 0;
  for (std::size_t i = 0; i < picture.bytes.size(); ++i) {
    differing += std::abs(int{picture.bytes[i]} - int{expected.const_data_ptr<std::uint8_t>()[i]}) > 1;
  }
  return static_cast<double>(differing) / static_cast<double>(picture.bytes.size());
}

/// Runs `request` to its end and compares noise, every step's latent and the picture with what diffusers painted: the tensors
/// `name`.noise, .latents [steps, images, …] and .image. Pixels may differ in one of a thousand; in bf16, which rounds them to
/// steps of up to 1/256, in more.
inline void ExpectPainted(const Pipeline& pipeline, const Request& request, const Golden& golden, const std::string& name,
                          double tolerance) {
  const auto samples = pipeline.Begin(request);
  const torch::Tensor noise = golden[name + ".noise"], latents = golden[name + ".latents"], images = golden[name + ".image"];
  ASSERT_EQ(noise.size(0), static_cast<int>(samples.size()));
  ASSERT_EQ(latents.size(0), samples[0]->total_steps());
  const bool is_exact = pipeline.info().precisions.front() == Precision::kFp32;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto image = static_cast<std::int64_t>(i);
    EXPECT_TRUE(torch::equal(Latent(pipeline, *samples[i]), noise[image].to(torch::kFloat32))) << "noise of image " << i;
    for (int step = 0; step < samples[i]->total_steps(); ++step) {
      Sample* const sample = samples[i].get();
      pipeline.Step({&sample, 1});
      ExpectClose(Latent(pipeline, *sample), latents[step][image], tolerance, name + " step " + std::to_string(step));
    }
    EXPECT_TRUE(samples[i]->done());
    EXPECT_LE(Differing(pipeline.Finish(*samples[i], Picture::Kind::kRgb8), images[image]), is_exact ? 0.001 : 0.6) << name;
  }
}

/// The first picture of each request has the same finished latent, bit for bit, alone and in one pack with the others.
inline void ExpectSameAloneAndPacked(const Pipeline& pipeline, const std::vector<Request>& requests) {
  std::vector<std::unique_ptr<Sample>> together;
  std::vector<torch::Tensor> alone;
  for (const Request& request : requests) {
    const auto samples = pipeline.Begin(request);
    RunAlone(pipeline, *samples[0]);
    alone.push_back(Latent(pipeline, *samples[0]));
    together.push_back(std::move(pipeline.Begin(request)[0]));
  }
  for (;;) {
    std::vector<Sample*> running;
    for (const auto& sample : together) {
      if (!sample->done()) running.push_back(sample.get());
    }
    if (running.empty()) break;
    pipeline.Step(running);
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    EXPECT_TRUE(torch::equal(Latent(pipeline, *together[i]), alone[i]))
        << Name(pipeline.info().precisions.front()) << " request " << i;
  }
}

}  // namespace stampd::testing
