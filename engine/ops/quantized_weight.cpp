#include "engine/ops/quantized_weight.h"

#include <algorithm>
#include <vector>

#include <ATen/Parallel.h>

#include "engine/kernels/w4a4_gemm.h"
#include "engine/ops/segment.h"

namespace stampd::ops {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

torch::Tensor Bytes(std::int64_t rows, std::int64_t columns) { return at::empty({rows, columns}, torch::kUInt8); }

QuantizedWeight Allocate(std::int64_t out, std::int64_t in, int bits, bool grouped) {
  return {.codes = Bytes(out, in * bits / 8),
          .multipliers = grouped ? Bytes(out, in / kernels::kWeightGroup) : torch::Tensor(),
          .scales = at::empty({out}, torch::kFloat32),
          .bits = bits};
}

torch::Tensor JoinRows(const std::vector<QuantizedWeight>& weights, torch::Tensor QuantizedWeight::*part) {
  std::vector<torch::Tensor> parts;
  for (const QuantizedWeight& weight : weights) parts.push_back(weight.*part);
  return parts.front().defined() ? Pack(parts) : torch::Tensor();
}

}  // namespace

std::int64_t QuantizedWeight::resident_bytes() const {
  const std::size_t bytes = codes.nbytes() + scales.nbytes() + (multipliers.defined() ? multipliers.nbytes() : 0);
  return static_cast<std::int64_t>(bytes);
}

kernels::QuantizedWeights QuantizedWeight::view() const {
  return {.codes = codes.data_ptr<std::uint8_t>(),
          .multipliers = multipliers.defined() ? multipliers.data_ptr<std::uint8_t>() : nullptr,
          .scales = scales.data_ptr<float>(),
          .bits = bits,
          .out = static_cast<int>(out()),
          .in = static_cast<int>(in())};
}

QuantizedWeight RoundWeight(const torch::Tensor& weight, const kernels::FeatureTransform& transform, int bits, bool grouped,
                            kernels::WeightRounding rounding) {
  const std::int64_t in = weight.size(1);
  QuantizedWeight quantized = Allocate(weight.size(0), in, bits, grouped);
  const kernels::QuantizedWeights view = quantized.view();
  // A few rows at a time in fp32: a large weight never lies in memory twice.
  at::parallel_for(0, weight.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; row += kRowsPerTask) {
      const std::int64_t rows = std::min(kRowsPerTask, end - row);
      torch::Tensor part = at::empty({rows, in}, torch::kFloat32).copy_(weight.narrow(0, row, rows));
      float* const data = part.data_ptr<float>();
      kernels::cpu::TransformFeatures({data, static_cast<int>(rows), static_cast<int>(in), in}, transform);
      kernels::cpu::RoundWeights(data, rounding, view.Rows(static_cast<int>(row), static_cast<int>(rows)));
    }
  });
  return quantized;
}

torch::Tensor Dequantize(const QuantizedWeight& weight) {
  torch::Tensor values = at::empty({weight.out(), weight.in()}, torch::kFloat32);
  kernels::cpu::DequantizeWeights(weight.view(), values.data_ptr<float>());
  return values;
}

torch::Tensor SumWeight(const QuantizedWeight& weight, int groups) {
  torch::Tensor sums = at::empty({weight.out(), groups}, torch::kInt32);
  kernels::cpu::SumWeights(weight.view(), groups, sums.data_ptr<std::int32_t>());
  return sums;
}

QuantizedWeight Join(const std::vector<QuantizedWeight>& weights) {
  return {.codes = JoinRows(weights, &QuantizedWeight::codes),
          .multipliers = JoinRows(weights, &QuantizedWeight::multipliers),
          .scales = JoinRows(weights, &QuantizedWeight::scales),
          .bits = weights.front().bits};
}

}  // namespace stampd::ops
