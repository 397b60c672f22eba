#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/quant/token_plan.h"
#include "tests/engine/quant/random_field.h"

// STaMP's Theorem 1: for an orthogonal L and min-max scales for each token, with e_i the energy of transformed token i, b_i its
// bits and d the channels that share a scale, |L^-1 Q(L X) - X|^2 <= d/2 sum_i e_i / (2^b_i - 1)^2.

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using kernels::TokenView;
using stampd::testing::FieldShape;
using stampd::testing::RandomField;

double Bound(const std::vector<double>& energies, const std::vector<std::uint8_t>& bits, int channels) {
  double sum = 0;
  for (std::size_t i = 0; i < energies.size(); ++i) sum += energies[i] / std::pow((1 << bits[i]) - 1, 2);
  return channels / 2.0 * sum;
}

struct Case {
  std::string name;
  FieldShape field;
  bool outliers = false;  // some tokens and channels are much larger than others
};

class ErrorBoundTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int kGroups = 2;

  ErrorBoundTest() : exact_(field_.values().begin(), field_.values().end()) {
    for (std::size_t i = 0; GetParam().outliers && i < exact_.size(); i += 371) exact_[i] *= 40;
  }

  // Both sides of the theorem for one recipe.
  void ExpectHolds(const LinearRecipe& recipe) {
    const TokenPlan plan = PlanTokens(field_.layout(), recipe);
    const int channels = GetParam().field.channels;
    std::vector<double> x = exact_;
    const TokenView<double> rows{x.data(), field_.rows(), channels, channels};
    kernels::reference::ForwardAlongTokens(rows, field_.layout().tiles(), recipe.tile_transform());
    std::vector<double> energies;
    for (int r = 0; r < rows.rows; ++r) {
      double energy = 0;
      for (int c = 0; c < channels; ++c) energy += rows.row(r)[c] * rows.row(r)[c];
      energies.push_back(energy);
    }
    kernels::reference::RoundTokens(rows, plan.bits.data(), kGroups, {});
    kernels::reference::InverseAlongTokens(rows, field_.layout().tiles(), recipe.tile_transform());
    double error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(x[i] - exact_[i], 2);
    EXPECT_LE(error, Bound(energies, plan.bits, channels / kGroups));
    EXPECT_GT(error, 0);
  }

  RandomField field_{GetParam().field, 8};
  std::vector<double> exact_;
};

TEST_P(ErrorBoundTest, IsNeverViolated) {
  for (const SequenceTransform transform : {SequenceTransform::kNone, SequenceTransform::kHaar1d, SequenceTransform::kHaar2d,
                                            SequenceTransform::kDct, SequenceTransform::kWht}) {
    for (const HighTokenRule rule : {HighTokenRule::kNone, HighTokenRule::kDc, HighTokenRule::kFirst}) {
      SCOPED_TRACE("transform " + std::to_string(static_cast<int>(transform)) + ", rule " + std::to_string(static_cast<int>(rule)));
      ExpectHolds({.high_rule = rule, .high_count = 3, .sequence_transform = transform});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fields, ErrorBoundTest,
                         ::testing::Values(Case{"white", {.side = 20, .channels = 16}},
                                           Case{"correlated", {.side = 20, .channels = 16, .correlation = 0.95}},
                                           Case{"mean", {.side = 16, .channels = 64, .correlation = 0.8, .mean = 3}},
                                           Case{"spread", {.side = 9, .channels = 8, .correlation = 0.5, .channel_spread = 2}},
                                           Case{"outliers", {.side = 24, .channels = 32, .correlation = 0.9}, true},
                                           Case{"two_channels", {.side = 32, .channels = 2, .correlation = 0.3}}),
                         [](const auto& info) { return info.param.name; });

// If n tokens of 8 bits hold the part rho of the energy, the bound falls by -10 log10(1 - rho (1 - (15/255)^2)) dB.
TEST(ErrorBoundFormulaTest, TwoLevelsGainWhatTheFormulaSays) {
  const struct { double part, gain_db; } rows[] = {{0.25, 1.25}, {0.5, 3.0}, {0.75, 6.0}, {0.9, 9.9}, {0.95, 12.7}, {0.99, 18.7}};
  for (const auto& [part, gain_db] : rows) {
    std::vector<double> energies(64, (1 - part) / 63);
    energies[0] = part;
    std::vector<std::uint8_t> bits(64, 4);
    const double before = Bound(energies, bits, 64);
    bits[0] = 8;
    const double gain = 10 * std::log10(before / Bound(energies, bits, 64));
    EXPECT_NEAR(gain, -10 * std::log10(1 - part * (1 - 1.0 / 289)), 1e-12);
    EXPECT_NEAR(gain, gain_db, 0.051);
  }
}

}  // namespace
}  // namespace stampd::quant
