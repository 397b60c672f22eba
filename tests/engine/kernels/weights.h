#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels/quantized_weights.h"

namespace stampd::testing {

/// A quantized weight with its storage.
struct Weights {
  Weights(int out, int in, int bits, bool grouped = false)
      : codes(static_cast<std::size_t>(out) * in * bits / 8, 0xa5),
        multipliers(grouped ? static_cast<std::size_t>(out) * (in / kernels::kWeightGroup) : 0),
        scales(static_cast<std::size_t>(out)),
        view{codes.data(), grouped ? multipliers.data() : nullptr, scales.data(), bits, out, in} {}
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  std::vector<std::uint8_t> codes, multipliers;
  std::vector<float> scales;
  kernels::QuantizedWeights view;
};

}  // namespace stampd::testing
