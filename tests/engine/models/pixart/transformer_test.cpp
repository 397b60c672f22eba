#include "engine/models/pixart/transformer.h"

#include <array>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/engine/models/checkpoint_variant.h"
#include "tests/engine/models/denoiser_rows.h"
#include "tests/golden.h"
#include "tests/threads.h"

namespace stampd::models {
namespace {

using stampd::testing::CheckpointVariant;
using stampd::testing::ExpectClose;
using stampd::testing::ExpectEachAsAlone;
using stampd::testing::Golden;
using stampd::testing::Threads;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

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

TEST(PixArtTest, StretchesPositionsByAFractionToo) {
  const Golden golden("pixart/golden");
  const auto network = Load(CheckpointVariant("pixart", R"("interpolation_scale": null)", R"("interpolation_scale": 0.5)"));
  ExpectClose(Predict(*network, golden, "stretched"), golden["stretched.output.half_scale"], 1e-5);
}

TEST(PixArtTest, AnswersToItsOlderClassName) {
  const Golden golden("pixart/golden");
  const auto network = Load(CheckpointVariant("pixart", R"("_class_name": "PixArtTransformer2DModel")",
                                              R"("_class_name": "Transformer2DModel", "norm_type": "ada_norm_single")"));
  ExpectClose(Predict(*network, golden, "native"), golden["native.output"], 1e-5);
}

TEST(PixArtTest, EmbedsTheSizeOfAlpha) {
  const Golden golden("pixart_alpha/golden");
  ExpectClose(Predict(*Load(kData / "pixart_alpha"), golden, "wide"), golden["wide.output"], 1e-5);
}

TEST(PixArtTest, TakesTextWithoutProjectionAndAttentionWithoutBias) {
  const Golden golden("pixart_plain_text/golden");
  const auto network = Load(kData / "pixart_plain_text");
  EXPECT_EQ(network->text_width(), 12);
  EXPECT_EQ(network->out_channels(), 4);
  ExpectClose(Predict(*network, golden, "wide"), golden["wide.output"], 1e-5);
}

TEST(PixArtTest, TellsItsFacts) {
  const auto network = Load(kData / "pixart", torch::kBFloat16);
  EXPECT_EQ(network->latent_channels(), 4);
  EXPECT_EQ(network->out_channels(), 8);
  EXPECT_EQ(network->sample_size(), 16);
  EXPECT_EQ(network->patch_size(), 2);
  EXPECT_EQ(network->text_width(), 40);
  EXPECT_EQ(network->dtype(), torch::kBFloat16);
  EXPECT_EQ(network->footprint().parameters, 42224);
  EXPECT_EQ(network->footprint().resident_bytes, 2 * 42224);
}

// Of latents.
constexpr std::array<std::array<int, 2>, 6> kSizes = {{{16, 16}, {12, 20}, {18, 22}, {2, 2}, {26, 6}, {10, 14}}};

class PackedRowsTest : public ::testing::TestWithParam<std::tuple<torch::ScalarType, int>> {};

TEST_P(PackedRowsTest, EachIsByteForByteWhatItIsAlone) {
  const Threads threads(std::get<1>(GetParam()));
  ExpectEachAsAlone(*Load(kData / "pixart", std::get<0>(GetParam())), kSizes, 25);
}

INSTANTIATE_TEST_SUITE_P(TypesAndThreads, PackedRowsTest,
                         ::testing::Combine(::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16),
                                            ::testing::Values(1, 2)),
                         [](const auto& info) {
                           return std::string(c10::toString(std::get<0>(info.param))) + "On" +
                                  std::to_string(std::get<1>(info.param));
                         });

TEST(PixArtTest, NothingGivesNothing) { EXPECT_TRUE(Load(kData / "pixart")->Forward({}).empty()); }

TEST(PixArtTest, LatentsThatPatchesDoNotCoverAreABadRequest) {
  const auto network = Load(kData / "pixart");
  EXPECT_THAT([&] { network->Layout(16, 15); }, ThrowsMessage<BadRequest>(HasSubstr("16x15")));
  EXPECT_THROW(network->Layout(0, 16), BadRequest);
}

TEST(PixArtTest, LatentsThatDoNotFitTheirLayoutAreABadRequest) {
  const auto network = Load(kData / "pixart");
  const auto text = network->PrepareText(at::zeros({3, 40}));
  const TokenLayout layout = network->Layout(16, 16);
  const auto forward = [&](at::IntArrayRef shape) { network->Forward({{{at::zeros(shape), 1, text.get(), &layout}}}); };
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{4, 16, 18}, {3, 16, 16}, {1, 4, 16, 16}}) {
    EXPECT_THROW(forward(shape), BadRequest) << at::IntArrayRef(shape);
  }
}

TEST(PixArtTest, TextOfAnotherWidthOrNoneIsABadRequest) {
  const auto network = Load(kData / "pixart");
  EXPECT_THROW(network->PrepareText(at::zeros({3, 39})), BadRequest);
  EXPECT_THROW(network->PrepareText(at::zeros({0, 40})), BadRequest);
  const TokenLayout layout = network->Layout(16, 16);
  EXPECT_THROW(network->Forward({{{at::zeros({4, 16, 16}), 1, nullptr, &layout}}}), BadRequest);
}

TEST(PixArtTest, WeightsThatTheConfigDoesNotMentionAreBroken) {
  const auto folder =
      CheckpointVariant("pixart_alpha", R"("sample_size": 128)", R"("sample_size": 128, "use_additional_conditions": false)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("adaln_single.emb.aspect_ratio_embedder.linear_1.bias")));
}

TEST(PixArtTest, WeightsThatAreMissingAreBroken) {
  const auto folder = CheckpointVariant("pixart", R"("use_additional_conditions": false)", R"("use_additional_conditions": true)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("adaln_single.emb.resolution_embedder.linear_1.weight")));
}

TEST(PixArtTest, WeightsOfAnotherShapeAreBroken) {
  const auto folder = CheckpointVariant("pixart", R"("caption_channels": 40)", R"("caption_channels": 41)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("caption_projection.linear_1.weight")));
}

}  // namespace
}  // namespace stampd::models
