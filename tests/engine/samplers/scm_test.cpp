#include "engine/samplers/scm.h"

#include <numbers>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "engine/samplers/trig_flow.h"
#include "tests/golden.h"

namespace stampd::samplers {
namespace {

std::unique_ptr<Solver> Start(int steps, const std::string& settings = "") {
  const auto sampler = MakeScm(io::Config::Parse("{" + settings + "}", "scheduler_config.json"));
  return sampler->Start(steps, at::detail::createCPUGenerator(11));
}

// `predict` of tests/reference/make_schedulers.py, at 1000 times the solver's timestep.
torch::Tensor Predict(const torch::Tensor& x, double timestep) {
  const torch::Tensor i = torch::arange(x.numel(), torch::kFloat32).reshape(x.sizes());
  return (0.2 + i / 40) * x + (0.5 - i / 20) * timestep;
}

// Follows what SanaSprintPipeline did with the same model.
void ExpectRecordedRun(const std::string& name, Solver& solver) {
  SCOPED_TRACE(name);
  const testing::Golden golden("schedulers/scm");
  const torch::Tensor path = golden[name + ".path"].squeeze(1);
  const torch::Tensor sigmas = golden[name + ".sigmas"];
  ASSERT_EQ(solver.total_steps(), sigmas.numel());
  torch::Tensor x = path[0];
  for (int i = 0; i < solver.total_steps(); ++i) {
    ASSERT_NEAR(solver.timestep(), sigmas[i].item<double>(), 2e-7);
    const torch::Tensor prediction = Predict(solver.ScaleInput(x), solver.timestep());
    x = solver.Step(prediction, x);
    // The pipeline's latents are those of TrigFlow until the end of its loop.
    const bool last = i + 1 == solver.total_steps();
    testing::ExpectClose(x, last ? golden[name + ".latent"].squeeze(0) : path[i + 1], 2e-6, "step " + std::to_string(i));
  }
  EXPECT_TRUE(torch::equal(solver.denoised(), x));
}

TEST(ScmTest, FollowsDiffusers) {
  for (const int steps : {1, 2, 3, 4, 7}) ExpectRecordedRun(std::to_string(steps), *Start(steps));
  ExpectRecordedRun("other_data", *Start(3, R"("sigma_data": 0.8)"));
}

TEST(ScmTest, AnglesAreThoseOfDiffusers) {
  const testing::Golden golden("schedulers/scm");
  for (const int steps : {1, 2, 3, 4, 7}) {
    const torch::Tensor expected = golden[std::to_string(steps) + ".timesteps"];
    EXPECT_TRUE(torch::equal(torch::tensor(TrigFlowAngles(steps), torch::kFloat32), expected)) << steps;
  }
}

TEST(ScmTest, FirstLatentHasTheDeviationOfTheData) {
  EXPECT_EQ(Start(2)->initial_noise_sigma(), 0.5);
  EXPECT_EQ(Start(2, R"("sigma_data": 0.25)")->initial_noise_sigma(), 0.25);
}

// A model that knows noise and data: on its path every denoised latent is the data, in the scale of the last latent.
TEST(ScmTest, DenoisedIsTheData) {
  const torch::Tensor data = torch::linspace(-1, 1, 24).reshape({4, 2, 3});
  const torch::Tensor noise = torch::linspace(2, -3, 24).reshape({4, 2, 3});
  const auto solver = Start(4);
  for (const float angle : {1.57080F, 1.1781F, 0.7854F, 0.3927F}) {
    const torch::Tensor x = 0.5 * (std::cos(angle) * data + std::sin(angle) * noise);
    solver->Step(noise - data, x);
    EXPECT_TRUE(torch::allclose(solver->denoised(), data, 0, 2e-4)) << angle;
  }
}

// The input is that of flow matching: (1 - s) * data + s * noise.
TEST(ScmTest, ModelIsAskedOnTheFlowPath) {
  const torch::Tensor data = torch::tensor({-1.5F, 0.5F, 2.0F});
  const torch::Tensor noise = torch::tensor({0.3F, -0.8F, 1.1F});
  const TrigFlowPoint at(1.1F);
  const torch::Tensor x = 0.5F * (at.cos * data + at.sin * noise);
  const torch::Tensor expected = (1 - at.flow_sigma) * data + at.flow_sigma * noise;
  EXPECT_TRUE(torch::allclose(FlowLatent(at, x, 0.5F), expected, 1e-6, 1e-6));
  EXPECT_TRUE(torch::allclose(TrigFlowVelocity(at, expected, noise - data), at.cos * noise - at.sin * data, 1e-6, 1e-6));
  EXPECT_NEAR(TrigFlowPoint(static_cast<float>(std::numbers::pi / 4)).flow_sigma, 0.5, 1e-6);
}

TEST(ScmTest, NoiseIsDrawnOnFromTheGenerator) {
  const torch::Tensor x = torch::zeros({1, 1, 4, 4});
  const at::Generator generator = at::detail::createCPUGenerator(5);
  const auto solver = MakeScm(io::Config::Parse("{}", "scheduler_config.json"))->Start(2, generator);
  at::randn(x.sizes(), generator);  // the first latent, after Start and before the first step
  const torch::Tensor next = solver->Step(x, x);
  const at::Generator same = at::detail::createCPUGenerator(5);
  at::randn(x.sizes(), same);
  const double weight = TrigFlowPoint(1.3F).sin * 0.5;
  EXPECT_TRUE(torch::allclose(next, at::randn(x.sizes(), same) * weight, 1e-6, 1e-7));
}

TEST(ScmTest, RefusesStepsThatTrainingDidNotHave) {
  for (const int steps : {0, -1, 1001}) EXPECT_THROW(Start(steps), BadRequest) << steps;
}

}  // namespace
}  // namespace stampd::samplers
