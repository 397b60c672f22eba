#include "engine/tools/measure/tokens_plot.h"

#include <map>

#include "engine/quant/recipe_fields.h"
#include "engine/quant/recipe_json.h"
#include "engine/tools/measure/plot.h"
#include "engine/tools/table.h"

namespace stampd::tools {
namespace {

using kernels::SequenceTransform;
using quant::Recipe;

// What is measured with one transform, by the number of high tokens.
using Points = std::map<int, const Comparison*>;

bool IsVariation(Recipe recipe, const Recipe& base) {
  recipe.name = base.name;
  recipe.linear.high_rule = base.linear.high_rule;
  recipe.linear.high_count = base.linear.high_count;
  if (recipe.linear.sequence_transform == SequenceTransform::kNone) {
    recipe.linear.sequence_transform = base.linear.sequence_transform;
    recipe.linear.levels = base.linear.levels;
  }
  return quant::ToJson(recipe) == quant::ToJson(base);
}

Points PointsWith(SequenceTransform transform, const std::vector<Comparison>& comparisons) {
  Points points;
  for (const Comparison& comparison : comparisons) {
    const bool fits = comparison.recipe.linear.sequence_transform == transform;
    if (fits && IsVariation(comparison.recipe, comparisons.front().recipe))
      points.emplace(comparison.bits.high_tokens, &comparison);
  }
  return points;
}

std::string NameOf(const Points& points) {
  const quant::LinearRecipe& linear = points.begin()->second->recipe.linear;
  if (linear.sequence_transform == SequenceTransform::kNone) return "no transform";
  const std::string quoted = quant::FindRecipeField("sequence_transform")->json(linear);
  return quoted.substr(1, quoted.size() - 2);
}

Line LineOf(const Points& points, const std::string& what, quant::SqnrAverage Comparison::*sqnr) {
  Line line{.name = what + ", " + NameOf(points), .x = {}, .y = {}};
  for (const auto& [tokens, comparison] : points) {
    line.x.push_back(tokens);
    line.y.push_back((comparison->*sqnr).MeanDb());
  }
  return line;
}

}  // namespace

std::string TokensPlot(const std::vector<Comparison>& comparisons) {
  const quant::LinearRecipe& base = comparisons.front().recipe.linear;
  std::vector<Points> transforms = {PointsWith(base.sequence_transform, comparisons)};
  if (base.sequence_transform != SequenceTransform::kNone) transforms.push_back(PointsWith(SequenceTransform::kNone, comparisons));

  std::map<double, Tick> ticks;
  std::vector<Line> lines;
  for (const Points& points : transforms) {
    if (points.empty()) continue;
    lines.push_back(LineOf(points, "teacher-forced", &Comparison::teacher));
    lines.push_back(LineOf(points, "latent", &Comparison::latent));
    for (const auto& [tokens, comparison] : points) {
      ticks[tokens] = {static_cast<double>(tokens), std::to_string(tokens), Decimal(comparison->bits.activations, 2)};
    }
  }
  Axes axes{.title = "Quantized against full precision", .x = {}, .y = "SQNR, dB"};
  axes.x = "tokens of " + std::to_string(base.high_bits) + " bits, and effective bits of activations";
  for (const auto& [at, tick] : ticks) axes.x_ticks.push_back(tick);
  return Plot(axes, lines);
}

}  // namespace stampd::tools
