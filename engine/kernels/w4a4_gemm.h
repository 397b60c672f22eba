#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/instruction_set.h"
#include "engine/kernels/quantized_tokens.h"
#include "engine/kernels/quantized_weights.h"
#include "engine/kernels/token_view.h"

/// Y = X Wᵀ of whole numbers with exact sums, for weights of 4 or 8 bits and tokens of up to 8.
///
///   acc[t][o][g] = sum of code[t][k] * (m q)[o][k] over the channels k of group g, exact in 32 bits while in <= 65536
///   y[t][o] = ( sum over g, in order, of float(acc[t][o][g] - zero[t][g] * sums[o][g]) * scale[t][g] ) * scale[o]
///
/// in fp32: the whole number is rounded to the nearest float, each product and each sum is rounded once, and the sum over g begins
/// with its first product. Every kernel of this family gives the same bytes, whatever its blocks.

namespace stampd::kernels {

inline constexpr int kMaxGemmDepth = 65536;
inline constexpr int kGemmPanel = 32;

/// Where results go when all else is done to them. Memory that a product asks for ahead of time, and does not touch.
struct GemmDestination {
  const void* first = nullptr;  // of the first row's first output; null: nothing is asked for
  std::ptrdiff_t row_bytes = 0;
  int element_bytes = 0;
};

/// Part of a product: some rows and some outputs.
struct GemmBlock {
  int first_row = 0;
  int rows = 0;
  int first_out = 0;
  int outs = 0;
};

namespace reference {

/// The sums in 64 bits, everything behind them in double precision.
void Multiply(const QuantizedTokens& x, const QuantizedWeights& weight, TokenView<double> y);

}  // namespace reference

namespace cpu {

/// sums[o][g]: the weights (m q) of output o summed over group g of the `groups` that the tokens have. Dense [weight.out, groups].
void SumWeights(const QuantizedWeights& weight, int groups, std::int32_t* sums);

/// The weights of some outputs, unpacked once for all the rows that pass by. They lie in memory that the thread keeps: a thread has
/// one of these at a time, and the next one takes its place.
class UnpackedWeights {
 public:
  /// `sums` are SumWeights(weight, groups). Both must live as long as this.
  UnpackedWeights(const QuantizedWeights& weight, const std::int32_t* sums, int groups, InstructionSet set = BestInstructionSet());

  /// How many outputs fill the part of a core's second-level cache that is meant for them; whole panels of kGemmPanel, at least
  /// one.
  static int FittingOuts(int in, int groups, InstructionSet set = BestInstructionSet());

  /// Y = X Wᵀ for some rows, `y` [x.rows, weight.out].
  void Multiply(const QuantizedTokens& x, TokenView<float> y, GemmDestination destination = {}) const;

 private:
  QuantizedWeights weight_;
  const std::int32_t* sums_;
  int groups_;
  InstructionSet set_;
  std::byte* panels_ = nullptr;  // none: unpacked at each product
};

/// Writes the block's part of Y to `y` [block.rows, block.outs]. `sums` are SumWeights(weight, x.groups).
void Multiply(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, GemmBlock block,
              TokenView<float> y, InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
