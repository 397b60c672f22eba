#include "engine/samplers/solver.h"

#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "tests/golden.h"

namespace stampd::samplers {
namespace {

// Of half types one rounding. Of float32 more: where noise levels lie close, what is left of their difference is rounding.
// Of a schedule rescaled to zero SNR more again: its first sigmas are such differences.
double Tolerance(torch::ScalarType dtype, bool zero_snr) {
  if (dtype == torch::kFloat16) return 0x1p-10;
  if (dtype == torch::kBFloat16) return 0x1p-7;
  return zero_snr ? 1e-4 : 2e-6;
}

// `predict` of tests/reference/make_schedulers.py.
torch::Tensor Predict(const torch::Tensor& x, double timestep) {
  const torch::Tensor i = torch::arange(x.numel(), torch::kFloat32).reshape(x.sizes());
  const torch::Tensor slope = 0.2 + i / 40;
  const torch::Tensor offset = 0.5 - i / 20;
  return (slope * x.to(torch::kFloat32) + offset * (timestep / 1000)).to(x.scalar_type());
}

torch::Tensor Advance(Solver& solver, const torch::Tensor& x) {
  return solver.Step(Predict(solver.ScaleInput(x), solver.timestep()), x);
}

io::Config Case(const std::string& name) { return io::Config::Read("tests/data/schedulers/cases.json").Object(name); }

// Drawn on from as in the recorded runs.
at::Generator Noise() { return at::detail::createCPUGenerator(11); }

std::unique_ptr<Solver> Start(const std::string& name, int steps) {
  return MakeSamplers(Case(name)).front()->Start(steps, Noise());
}

// Follows every recorded run of one dtype with the same model; the latents are its own from the first step on.
void ExpectRecordedPaths(const std::string& dtype, int steps, std::size_t least) {
  const testing::Golden golden("schedulers/paths");
  std::size_t runs = 0;
  for (const std::string& name : io::Config::Read("tests/data/schedulers/cases.json").keys()) {
    const std::string key = name + "." + dtype + "." + std::to_string(steps);
    if (!golden.Has(key)) continue;
    const torch::Tensor path = golden[key];
    const std::unique_ptr<Solver> solver = Start(name, steps);
    const double tolerance = Tolerance(path.scalar_type(), Case(name).Bool("rescale_betas_zero_snr", false));
    ASSERT_EQ(solver->total_steps(), path.size(0) - 1) << key;
    torch::Tensor x = path[0];
    for (int i = 0; i < solver->total_steps(); ++i) {
      x = Advance(*solver, x);
      ASSERT_EQ(x.scalar_type(), path.scalar_type());
      testing::ExpectClose(x, path[i + 1], tolerance, key + " step " + std::to_string(i));
    }
    ++runs;
  }
  EXPECT_GE(runs, least);
}

TEST(SolverTest, FewStepsFollowDiffusers) { ExpectRecordedPaths("fp32", 6, 50); }
TEST(SolverTest, ManyStepsFollowDiffusers) { ExpectRecordedPaths("fp32", 16, 50); }
TEST(SolverTest, HalfStepsFollowDiffusers) { ExpectRecordedPaths("fp16", 6, 9); }
TEST(SolverTest, BrainHalfStepsFollowDiffusers) { ExpectRecordedPaths("bf16", 6, 9); }

TEST(SolverTest, CountsItsSteps) {
  const std::unique_ptr<Solver> solver = Start("pixart_sigma", 4);
  EXPECT_EQ(solver->step(), 0);
  EXPECT_FALSE(solver->denoised().defined());
  torch::Tensor x = torch::ones({1, 4, 2, 2});
  for (const double timestep : {999, 749, 500, 250}) {
    EXPECT_EQ(solver->timestep(), timestep);
    x = Advance(*solver, x);
  }
  EXPECT_EQ(solver->step(), 4);
  EXPECT_TRUE(torch::equal(solver->denoised(), x)) << "a run that ends without noise ends at what it was heading for";
}

TEST(SolverTest, RefusesAStepTooMany) {
  const std::unique_ptr<Solver> solver = Start("euler", 1);
  const torch::Tensor x = torch::ones({1, 4, 2, 2});
  solver->Step(x, x);
  EXPECT_THROW(solver->Step(x, x), Broken);
}

TEST(SolverTest, RefusesAPredictionUnlikeTheLatent) {
  const torch::Tensor x = torch::ones({1, 4, 2, 2});
  for (const char* name : {"euler", "pixart_sigma", "flow_euler"}) {
    EXPECT_THROW(Start(name, 2)->Step(torch::ones({1, 8, 2, 2}), x), Broken) << name;
    EXPECT_THROW(Start(name, 2)->Step(x.to(torch::kFloat16), x), Broken) << name;
  }
}

// Rounded timesteps repeat then, and with them the noise level.
TEST(SolverTest, StaysFiniteWithAsManyStepsAsTimesteps) {
  for (const char* name :
       {"pixart_sigma", "dpm_order_3", "dpm_heun_sigma_min", "dpm_beta", "noise_order_3", "euler", "sana", "flow_euler_shift_3"}) {
    const std::unique_ptr<Solver> solver = Start(name, 1000);
    torch::Tensor x = torch::linspace(-1, 1, 6).reshape({1, 1, 2, 3});
    while (solver->step() < solver->total_steps()) x = Advance(*solver, x);
    EXPECT_TRUE(torch::isfinite(x).all().item<bool>()) << name;
  }
}

// What the previews show: the model knows noise and data of these latents, so it is the data from the first step on.
TEST(SolverTest, DenoisedIsTheDataOfAFlow) {
  const torch::Tensor data = torch::linspace(-1, 1, 24).reshape({4, 2, 3});
  const torch::Tensor noise = torch::linspace(2, -3, 24).reshape({4, 2, 3});
  for (const char* name : {"sana", "sana_shift_7", "flow_euler_shift_3", "flow_euler_karras"}) {
    const std::unique_ptr<Solver> solver = Start(name, 5);
    // Timesteps of DPM-Solver are truncated: they tell sigma to a thousandth.
    const double sigma = solver->timestep() / 1000;
    torch::Tensor x = (1 - sigma) * data + sigma * noise;
    while (solver->step() < solver->total_steps()) {
      x = solver->Step(noise - data, x);
      EXPECT_TRUE(torch::allclose(solver->denoised(), data, 0, 6e-3)) << name << ' ' << solver->step();
    }
    EXPECT_TRUE(torch::allclose(x, data, 0, 6e-3)) << name;
  }
}

TEST(SolverTest, OtherSamplersOfAFlowReadTheSameShift) {
  const std::string same[][2] = {{"sana", "flow_euler_shift_3"}, {"flow_euler_shift_7", "sana_shift_7"}};
  for (const auto& [own, other] : same) {
    const auto swapped = MakeSamplers(Case(own)).at(1)->Start(6, Noise());
    const auto expected = Start(other, 6);
    torch::Tensor x = torch::linspace(-1, 1, 24).reshape({1, 4, 2, 3});
    torch::Tensor y = x;
    while (expected->step() < 6) {
      ASSERT_EQ(swapped->timestep(), expected->timestep()) << own;
      x = Advance(*swapped, x);
      y = Advance(*expected, y);
      ASSERT_TRUE(torch::equal(x, y)) << own;
    }
  }
}

TEST(SolverTest, SolversOfOneSamplerShareNothing) {
  const auto sampler = std::move(MakeSamplers(Case("pixart_sigma")).front());
  const auto one = sampler->Start(6, Noise());
  const auto other = sampler->Start(8, Noise());
  const torch::Tensor start = torch::linspace(-1, 1, 4).reshape({1, 1, 2, 2});
  torch::Tensor x = start;
  torch::Tensor y = torch::ones_like(start);
  while (one->step() < one->total_steps()) {
    x = Advance(*one, x);
    y = Advance(*other, y);
  }
  const auto alone = sampler->Start(6, Noise());
  torch::Tensor z = start;
  while (alone->step() < alone->total_steps()) z = Advance(*alone, z);
  EXPECT_TRUE(torch::equal(x, z));
}

}  // namespace
}  // namespace stampd::samplers
