#include "engine/tools/measure/effective_bits.h"

#include <algorithm>
#include <vector>

#include "engine/quant/token_plan.h"

namespace stampd::tools {
namespace {

double ActivationBits(const quant::LinearRecipe& recipe, const TokenLayout& layout) {
  if (recipe.skip) return quant::kExactBits;
  const double mean = recipe.control == quant::TokenControl::kMean ? quant::kExactBits : 0;
  return quant::AverageBits(quant::PlanTokens(layout, recipe).bits) + mean / layout.grid().tokens();
}

int HighTokens(const quant::LinearRecipe& recipe, const TokenLayout& layout) {
  const std::vector<std::uint8_t> bits = quant::PlanTokens(layout, recipe).bits;
  return static_cast<int>(std::ranges::count_if(bits, [&](std::uint8_t its) { return its > recipe.activation_bits; }));
}

}  // namespace

EffectiveBits CountBits(const quant::Recipe& recipe, std::span<const LinearShape> linears, const TokenLayout& layout) {
  EffectiveBits sum;
  double weight = 0;
  for (const LinearShape& linear : linears) {
    const quant::LinearRecipe its = recipe.Resolve(std::span(&linear.name, 1), linear.in);
    const auto multiply_adds = static_cast<double>(linear.in * linear.out);  // of each token, and all have the same tokens
    sum.activations += multiply_adds * ActivationBits(its, layout);
    sum.weights += multiply_adds * quant::WeightStorageBits(its, linear.in);
    weight += multiply_adds;
  }
  return {sum.activations / weight, sum.weights / weight, HighTokens(recipe.linear, layout)};
}

}  // namespace stampd::tools
