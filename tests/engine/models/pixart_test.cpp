#include <filesystem>
#include <fstream>
#include <random>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "engine/models/pixart/transformer.h"
#include "tests/golden.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Golden;

const std::filesystem::path kData = "tests/data";
constexpr double kTimesteps[] = {999, 1};
constexpr int kTextLengths[] = {7, 12};

std::unique_ptr<Denoiser> Load(const std::filesystem::path& folder, torch::ScalarType dtype = torch::kFloat32) {
  return LoadPixArtTransformer(folder, dtype, torch::kCPU);
}

// The two rows of a golden in one forward. The reference's text was padded and masked; here are the real tokens only.
torch::Tensor Predict(const Denoiser& network, const Golden& golden, const std::string& prefix) {
  const torch::Tensor latents = golden[prefix + ".latents"], text = golden[prefix + ".text"];
  const TokenLayout layout = network.Layout(static_cast<int>(latents.size(2)), static_cast<int>(latents.size(3)));
  std::vector<std::shared_ptr<const TextContext>> contexts;
  std::vector<DenoiserRow> rows;
  for (int r = 0; r < 2; ++r) {
    contexts.push_back(network.PrepareText(text[r].narrow(0, 0, kTextLengths[r])));
    rows.push_back({latents[r], kTimesteps[r], contexts.back().get(), &layout});
  }
  return at::stack(network.Forward(rows));
}

TEST(PixArtTest, AgreesWithTheReferenceOnEveryGrid) {
  const Golden golden("pixart/golden");
  const auto network = Load(kData / "pixart");
  for (const std::string prefix : {"native", "stretched", "odd"}) {
    ExpectClose(Predict(*network, golden, prefix), golden[prefix + ".output"], 1e-5, prefix);
  }
}

TEST(PixArtTest, AgreesWithTheReferenceInHalfPrecision) {
  const Golden golden("pixart/golden");
  ExpectClose(Predict(*Load(kData / "pixart", torch::kBFloat16), golden, "odd"), golden["odd.output.bf16"], 3e-2);
  ExpectClose(Predict(*Load(kData / "pixart", torch::kFloat16), golden, "odd"), golden["odd.output.fp16"], 1e-2);
}

TEST(PixArtTest, EmbedsTheSizeOfAlpha) {
  ExpectClose(Predict(*Load(kData / "pixart_alpha"), Golden("pixart_alpha/golden"), "wide"),
              Golden("pixart_alpha/golden")["wide.output"], 1e-5);
}

TEST(PixArtTest, TakesTextWithoutProjectionAndAttentionWithoutBias) {
  const Golden golden("pixart_plain_text/golden");
  const auto network = Load(kData / "pixart_plain_text");
  EXPECT_EQ(network->text_width(), 12);
  EXPECT_EQ(network->out_channels(), 4);
  ExpectClose(Predict(*network, golden, "wide"), golden["wide.output"], 1e-5);
}

}  // namespace
}  // namespace stampd::models
