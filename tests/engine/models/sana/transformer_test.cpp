#include "engine/models/sana/transformer.h"

#include <array>
#include <filesystem>
#include <optional>
#include <tuple>

#include <gmock/gmock.h>

#include "engine/quant/presets.h"
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
constexpr double kTimesteps[] = {999, 1}, kSprintTimesteps[] = {0.999, 0.25}, kGuidanceScales[] = {4.5, 1.7};
constexpr int kTextLengths[] = {7, 12};

std::unique_ptr<Denoiser> Load(const std::filesystem::path& folder, torch::ScalarType dtype = torch::kFloat32,
                               const quant::Recipe* recipe = nullptr) {
  const layers::Quantization quantization{.recipe = recipe};
  return LoadSanaTransformer(folder, dtype, torch::kCPU, &quantization);
}

// The two rows of a golden in one forward. The reference's text was padded and masked; here are the real tokens only.
torch::Tensor Predict(const Denoiser& network, const Golden& golden, const std::string& prefix) {
  const torch::Tensor latents = golden[prefix + ".latents"], text = golden[prefix + ".text"].to(network.dtype());
  const TokenLayout layout = network.Layout(static_cast<int>(latents.size(2)), static_cast<int>(latents.size(3)));
  std::vector<std::shared_ptr<const TextContext>> contexts;
  std::vector<DenoiserRow> rows;
  for (int r = 0; r < 2; ++r) {
    contexts.push_back(network.PrepareText(text[r].narrow(0, 0, kTextLengths[r])));
    const double timestep = network.embeds_guidance() ? kSprintTimesteps[r] : kTimesteps[r];
    rows.push_back({latents[r], timestep, contexts.back().get(), &layout, kGuidanceScales[r]});
  }
  return at::stack(network.Forward(rows));
}

struct Case {
  const char* checkpoint;
  const char* prefix;
};

class SanaGoldenTest : public ::testing::TestWithParam<Case> {};

TEST_P(SanaGoldenTest, AgreesWithTheReference) {
  const auto& [checkpoint, prefix] = GetParam();
  const Golden golden(std::filesystem::path(checkpoint) / "golden");
  ExpectClose(Predict(*Load(kData / checkpoint), golden, prefix), golden[std::string(prefix) + ".output"], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Cases, SanaGoldenTest,
                         ::testing::Values(Case{"sana", "odd"}, Case{"sana", "even"}, Case{"sana_sprint", "odd"},
                                           Case{"sana_places", "native"}, Case{"sana_places", "stretched"},
                                           Case{"sana_patches", "wide"}),
                         [](const auto& info) { return std::string(info.param.checkpoint) + "_" + info.param.prefix; });

TEST(SanaTest, AgreesWithTheReferenceInHalfPrecision) {
  for (const std::string name : {"sana", "sana_sprint"}) {
    const Golden golden(name + "/golden");
    ExpectClose(Predict(*Load(kData / name, torch::kBFloat16), golden, "odd"), golden["odd.output.bf16"], 1e-2, name);
    ExpectClose(Predict(*Load(kData / name, torch::kFloat16), golden, "odd"), golden["odd.output.fp16"], 2e-3, name);
  }
}

TEST(SanaTest, GuidanceIsScaledInTheDtypeOfTheEmbeddings) {
  const auto network = Load(kData / "sana_sprint");
  const TokenLayout layout = network->Layout(5, 7);
  const torch::Tensor latent = at::randn({6, 5, 7}), embeddings = at::randn({3, 28}).to(torch::kBFloat16);
  const auto predict = [&](torch::ScalarType dtype, double guidance) {
    const auto text = network->PrepareText(embeddings.to(dtype));
    return network->Forward({{{latent, 0.5, text.get(), &layout, guidance}}}).front();
  };
  EXPECT_TRUE(at::equal(predict(torch::kBFloat16, 4.5), predict(torch::kFloat32, 4.4921875)));
  EXPECT_FALSE(at::equal(predict(torch::kBFloat16, 4.5), predict(torch::kFloat32, 4.5)));
}

TEST(SanaTest, TellsItsFacts) {
  const auto network = Load(kData / "sana", torch::kBFloat16);
  EXPECT_EQ(network->latent_channels(), 6);
  EXPECT_EQ(network->out_channels(), 6);
  EXPECT_EQ(network->sample_size(), 32);
  EXPECT_EQ(network->patch_size(), 1);
  EXPECT_EQ(network->text_width(), 28);
  EXPECT_EQ(network->dtype(), torch::kBFloat16);
  EXPECT_FALSE(network->embeds_guidance());
  constexpr int kParameters = 32286, kFilters = 2 * 120;  // which are held in fp32
  EXPECT_EQ(network->footprint().parameters, kParameters);
  EXPECT_EQ(network->footprint().resident_bytes, 2 * kParameters + 2 * (9 + 1) * kFilters);
  EXPECT_TRUE(Load(kData / "sana_sprint")->embeds_guidance());
  EXPECT_EQ(Load(kData / "sana_patches")->out_channels(), 12);
}

// Of latents.
constexpr std::array<std::array<int, 2>, 6> kSizes = {{{5, 7}, {6, 6}, {8, 12}, {1, 1}, {3, 20}, {9, 2}}};

struct Numbers {
  const char* name;
  torch::ScalarType dtype;
  const char* preset;  // or null
};

class PackedRowsTest : public ::testing::TestWithParam<std::tuple<Numbers, int>> {};

TEST_P(PackedRowsTest, EachIsByteForByteWhatItIsAlone) {
  const auto& [numbers, thread_count] = GetParam();
  const Threads threads(thread_count);
  const std::optional<quant::Recipe> recipe = numbers.preset ? std::optional(quant::Preset(numbers.preset)) : std::nullopt;
  for (const char* const name : {"sana", "sana_sprint"}) {
    ExpectEachAsAlone(*Load(kData / name, numbers.dtype, recipe ? &*recipe : nullptr), kSizes, 15);
  }
}

INSTANTIATE_TEST_SUITE_P(
    NumbersAndThreads, PackedRowsTest,
    ::testing::Combine(::testing::Values(Numbers{"fp32", torch::kFloat32}, Numbers{"bf16", torch::kBFloat16},
                                         Numbers{"fp16", torch::kFloat16}, Numbers{"w4a4", torch::kBFloat16, "stamp-w4a4"},
                                         Numbers{"w8a8", torch::kFloat16, "w8a8"}),
                       ::testing::Values(1, 2)),
    [](const auto& info) { return std::string(std::get<0>(info.param).name) + "On" + std::to_string(std::get<1>(info.param)); });

// Quantized, the network is near enough to itself to tell that all linears are in their places.
TEST(SanaTest, EveryPresetStaysNearTheNetwork) {
  struct Bound {
    const char* preset;
    double error;
  };
  const Golden golden("sana/golden");
  for (const auto& [preset, error] : {Bound{"w8a8", 0.01}, Bound{"stamp-w4a8", 0.1}, Bound{"stamp-w4a4", 0.1}}) {
    const quant::Recipe recipe = quant::Preset(preset);
    ExpectClose(Predict(*Load(kData / "sana", torch::kFloat32, &recipe), golden, "odd"), golden["odd.output"], error, preset);
  }
}

TEST(SanaTest, PatternsReachTheConvolutionsThatAreLinears) {
  quant::Recipe recipe{.name = "mine",
                       .overrides = {{"conv_inverted", {.skip = true}, {"skip"}}, {"conv_point", {.skip = true}, {"skip"}}}};
  Load(kData / "sana", torch::kFloat32, &recipe);
  recipe.overrides.push_back({"conv_depth", {.skip = true}, {"skip"}});
  EXPECT_THAT([&] { Load(kData / "sana", torch::kFloat32, &recipe); }, ThrowsMessage<Broken>(HasSubstr("\"conv_depth\"")));
}

TEST(SanaTest, NothingGivesNothing) { EXPECT_TRUE(Load(kData / "sana")->Forward({}).empty()); }

TEST(SanaTest, LatentsThatDoNotFitTheirLayoutAreABadRequest) {
  const auto network = Load(kData / "sana");
  const auto text = network->PrepareText(at::zeros({3, 28}));
  const TokenLayout layout = network->Layout(5, 7);
  const auto forward = [&](at::IntArrayRef shape) { network->Forward({{{at::zeros(shape), 1, text.get(), &layout}}}); };
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{6, 5, 8}, {5, 5, 7}, {1, 6, 5, 7}}) {
    EXPECT_THROW(forward(shape), BadRequest) << at::IntArrayRef(shape);
  }
  EXPECT_THROW(network->Layout(0, 7), BadRequest);
  EXPECT_THAT([&] { Load(kData / "sana_patches")->Layout(6, 5); }, ThrowsMessage<BadRequest>(HasSubstr("6x5")));
}

TEST(SanaTest, TextOfAnotherWidthOrNoneIsABadRequest) {
  const auto network = Load(kData / "sana");
  EXPECT_THROW(network->PrepareText(at::zeros({3, 27})), BadRequest);
  EXPECT_THROW(network->PrepareText(at::zeros({0, 28})), BadRequest);
  const TokenLayout layout = network->Layout(5, 7);
  EXPECT_THROW(network->Forward({{{at::zeros({6, 5, 7}), 1, nullptr, &layout}}}), BadRequest);
}

TEST(SanaTest, WeightsThatTheConfigDoesNotMentionAreBroken) {
  const auto folder = CheckpointVariant("sana_sprint", R"("qk_norm": "rms_norm_across_heads")", R"("qk_norm": null)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("transformer_blocks.0.attn2.norm_k.weight")));
}

TEST(SanaTest, WeightsThatAreMissingAreBroken) {
  const auto folder = CheckpointVariant("sana_sprint", R"("guidance_embeds": true)", R"("guidance_embeds": false)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("time_embed.emb.timestep_embedder.linear_1.weight")));
}

TEST(SanaTest, WeightsOfAnotherShapeAreBroken) {
  const auto folder = CheckpointVariant("sana_patches", R"("mlp_ratio": 2.3)", R"("mlp_ratio": 2.5)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("transformer_blocks.0.ff.conv_inverted.weight: expected shape "
                                                                     "[120, 24, 1, 1], found [110, 24, 1, 1]")));
}

}  // namespace
}  // namespace stampd::models
