#include "engine/models/pixart/transformer.h"

#include <array>
#include <deque>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/golden.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Golden;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::filesystem::path kData = "tests/data";
constexpr double kTimesteps[] = {999, 1};
constexpr int kTextLengths[] = {7, 12};

std::unique_ptr<Denoiser> Load(const std::filesystem::path& folder, torch::ScalarType dtype = torch::kFloat32) {
  return LoadPixArtTransformer(folder, dtype, torch::kCPU);
}

// A copy of a checkpoint in which `from` in its config.json reads `to`.
std::filesystem::path Variant(const std::string& name, const std::string& from, const std::string& to) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / ("pixart_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(kData / name / "diffusion_pytorch_model.safetensors", folder / "diffusion_pytorch_model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  std::stringstream text;
  text << std::ifstream(kData / name / "config.json").rdbuf();
  std::string config = text.str();
  config.replace(config.find(from), from.size(), to);
  std::ofstream(folder / "config.json") << config;
  return folder;
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
  const auto network = Load(Variant("pixart", R"("interpolation_scale": null)", R"("interpolation_scale": 0.5)"));
  ExpectClose(Predict(*network, golden, "stretched"), golden["stretched.output.half_scale"], 1e-5);
}

TEST(PixArtTest, AnswersToItsOlderClassName) {
  const Golden golden("pixart/golden");
  const auto network = Load(Variant("pixart", R"("_class_name": "PixArtTransformer2DModel")",
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

// Rows of all sizes, timesteps and texts, packed at random.
class PackedRowsTest : public ::testing::TestWithParam<std::tuple<torch::ScalarType, int>> {
 protected:
  static constexpr std::array<std::array<int, 2>, 6> kSizes = {{{16, 16}, {12, 20}, {18, 22}, {2, 2}, {26, 6}, {10, 14}}};

  void SetUp() override { at::set_num_threads(std::get<1>(GetParam())); }
  void TearDown() override { at::set_num_threads(threads_); }

  int Draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  std::vector<DenoiserRow> DrawRows(const Denoiser& network, int count) {
    std::vector<DenoiserRow> rows;
    for (int r = 0; r < count; ++r) {
      const auto [height, width] = kSizes[static_cast<std::size_t>(Draw(kSizes.size()))];
      layouts_.push_back(network.Layout(height, width));
      texts_.push_back(network.PrepareText(at::randn({1 + Draw(20), network.text_width()})));
      rows.push_back({at::randn({4, height, width}), static_cast<double>(Draw(1000)), texts_.back().get(), &layouts_.back()});
    }
    return rows;
  }

  const int threads_ = at::get_num_threads();
  std::mt19937 random_{5};
  std::deque<TokenLayout> layouts_;
  std::deque<std::shared_ptr<const TextContext>> texts_;
};

TEST_P(PackedRowsTest, EachIsByteForByteWhatItIsAlone) {
  at::manual_seed(3);
  const auto network = Load(kData / "pixart", std::get<0>(GetParam()));
  for (int mix = 0; mix < 25; ++mix) {
    const std::vector<DenoiserRow> rows = DrawRows(*network, 2 + Draw(4));
    const std::vector<torch::Tensor> packed = network->Forward(rows);
    ASSERT_EQ(packed.size(), rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const torch::Tensor alone = network->Forward({&rows[r], 1}).front();
      EXPECT_TRUE(at::equal(packed[r], alone)) << "mix " << mix << ", row " << r << " of " << rows.size() << ": differ by "
                                               << stampd::testing::RelativeError(packed[r], alone);
    }
  }
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
  const auto folder = Variant("pixart_alpha", R"("sample_size": 128)", R"("sample_size": 128, "use_additional_conditions": false)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("adaln_single.emb.aspect_ratio_embedder.linear_1.bias")));
}

TEST(PixArtTest, WeightsThatAreMissingAreBroken) {
  const auto folder = Variant("pixart", R"("use_additional_conditions": false)", R"("use_additional_conditions": true)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("adaln_single.emb.resolution_embedder.linear_1.weight")));
}

TEST(PixArtTest, WeightsOfAnotherShapeAreBroken) {
  const auto folder = Variant("pixart", R"("caption_channels": 40)", R"("caption_channels": 41)");
  EXPECT_THAT([&] { Load(folder); }, ThrowsMessage<Broken>(HasSubstr("caption_projection.linear_1.weight")));
}

}  // namespace
}  // namespace stampd::models
