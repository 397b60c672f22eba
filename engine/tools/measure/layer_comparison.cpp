#include "engine/tools/measure/layer_comparison.h"

#include <map>
#include <span>

#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/layers/token_linear.h"
#include "engine/models/registry.h"
#include "engine/ops/quantized_tokens.h"
#include "engine/quant/token_plan.h"
#include "engine/tools/csv.h"
#include "engine/tools/measure/calibrate.h"
#include "engine/tools/measure/capture.h"
#include "engine/tools/measure/retiled.h"
#include "engine/tools/measure/tensor_sqnr.h"
#include "engine/tools/table.h"

namespace stampd::tools {
namespace {

// The quantized network's linears, by name.
class LinearList final : public layers::LinearObserver {
 public:
  void Loaded(const std::string& name, const layers::TokenLinear& linear) override { linears_[name] = &linear; }
  void Computed(const std::string&, const layers::LinearCall&) override {}

  const layers::TokenLinear& Get(const std::string& name) const { return *linears_.at(name); }

 private:
  std::map<std::string, const layers::TokenLinear*> linears_;
};

// Share of the energy of L X (R leaves it as it is) in the tokens of more than the recipe's usual bits, and their share of all.
std::pair<double, double> HighShares(const torch::Tensor& x, ops::Segments segments, const quant::LinearRecipe& recipe) {
  std::vector<std::uint8_t> bits;
  for (const ops::Segment& segment : segments) {
    const quant::TokenPlan plan = quant::PlanTokens(*segment.layout, recipe);
    bits.insert(bits.end(), plan.bits.begin(), plan.bits.end());
  }
  torch::Tensor transformed = at::empty(x.sizes(), torch::kFloat32).copy_(x);
  ops::ForwardAlongTokens(transformed, segments, recipe.tile_transform());
  const torch::Tensor energy = transformed.square().sum(1).to(torch::kFloat64);
  const double* const of_row = energy.data_ptr<double>();
  double high = 0, all = 0, rows = 0;
  for (std::size_t row = 0; row < bits.size(); ++row) {
    const bool is_high = bits[row] > recipe.activation_bits;
    all += of_row[row];
    high += is_high ? of_row[row] : 0;
    rows += is_high ? 1 : 0;
  }
  return {all > 0 ? high / all : 0, rows / static_cast<double>(bits.size())};
}

}  // namespace

std::vector<LayerComparison> CompareLayers(const CompareOptions& options, const quant::Recipe& recipe) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.load.folder, options.load.components);
  const layers::ActivationMaxima maxima = MaximaFor(std::span(&recipe, 1), checkpoint, torch::kFloat32, options);
  LinearList linears;
  const layers::Quantization quantization{.recipe = &recipe, .maxima = &maxima, .observer = &linears};
  const auto quantized = models::LoadDenoiser(checkpoint.Get("transformer"), torch::kFloat32, torch::kCPU, &quantization);

  std::vector<LayerComparison> layers;
  std::map<std::string, std::size_t> index;
  Capture capture(checkpoint, torch::kFloat32, options.request);
  const std::size_t prompts = options.prompts.size();
  for (std::size_t p = 0; p < prompts; ++p) {
    options.progress("each linear alone: prompt " + Ordinal(p, prompts), static_cast<double>(p) / static_cast<double>(prompts));
    capture.Paint(options.prompts[p], [&](int, const std::string& name, const layers::LinearCall& call) {
      const layers::TokenLinear& linear = linears.Get(name);
      const quant::LinearRecipe its = recipe.Resolve(std::vector{name}, linear.in());
      if (its.skip) return;
      const auto [found, is_new] = index.try_emplace(name, layers.size());
      if (is_new) layers.push_back({.name = name});
      LayerComparison& layer = layers[found->second];
      const Retiled retiled(call.segments, recipe);
      const torch::Tensor x = retiled.Rows(call.x);
      const torch::Tensor y = linear.Forward(x, retiled.segments(), call.activation);
      layer.output.Add(MeasureTensors(retiled.Rows(call.y), y));
      const auto [energy, tokens] = HighShares(x, retiled.segments(), its);
      layer.high_energy += energy;
      layer.high_tokens += tokens;
    });
  }
  for (LayerComparison& layer : layers) {
    layer.high_energy /= layer.output.samples();
    layer.high_tokens /= layer.output.samples();
  }
  return layers;
}

std::string LayerTable(const std::vector<LayerComparison>& layers) {
  Table table({{"LINEAR", Table::kLeft},
               {"SQNR dB", Table::kRight},
               {"energy in high tokens", Table::kRight},
               {"high tokens", Table::kRight}});
  for (const LayerComparison& layer : layers) {
    table.Add({layer.name, Decimal(layer.output.MeanDb(), 2), Decimal(layer.high_energy, 3), Decimal(layer.high_tokens, 4)});
  }
  return table.Text();
}

std::string LayerCsv(const std::vector<LayerComparison>& layers) {
  std::string text = "linear,sqnr_db,high_energy,high_tokens\n";
  for (const LayerComparison& layer : layers) {
    text += CsvField(layer.name) + "," + Decimal(layer.output.MeanDb(), 4) + "," + Decimal(layer.high_energy, 5) + "," +
            Decimal(layer.high_tokens, 5) + "\n";
  }
  return text;
}

}  // namespace stampd::tools
