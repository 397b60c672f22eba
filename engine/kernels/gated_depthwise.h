#pragma once

#include <cstddef>

#include "engine/base/token_layout.h"
#include "engine/kernels/bf16.h"
#include "engine/kernels/instruction_set.h"
#include "engine/kernels/token_view.h"

/// A 3x3 convolution of each channel of a picture on its own, padded with zeros, whose second half of channels gates the first
/// (GLUMBConv, arXiv 2410.10629): out[c] = y[c] * SiLU(y[width + c]), y = conv(x) + bias.
///
/// x [tokens, 2 * width], out [tokens, width].

namespace stampd::kernels {

/// A filter for each of 2 * width channels.
template <typename T>
struct DepthwiseFilters {
  const T* taps = nullptr;  // [9, 2 * width], in the order of TokenLayout::neighbours
  const T* bias = nullptr;  // [2 * width]
};

namespace reference {

/// Tokens in raster order.
void GatedDepthwise(TokenView<const double> x, Grid grid, DepthwiseFilters<double> filters, TokenView<double> out);

}  // namespace reference

namespace cpu {

/// T is float or Bf16. Tokens in the order of the layout that `neighbours` [tokens, 9] are of. Writes the rows `first` …
/// `first` + `count` - 1 of `out`; parts may be computed by several threads at once.
///
/// Arithmetic is in fp32, each operation rounded once: the bias, then tap * neighbour of each neighbour in the order of the table;
/// bytes are the same on every processor.
template <typename T>
void GatedDepthwise(TokenView<const T> x, const int* neighbours, DepthwiseFilters<float> filters, int first, int count,
                    TokenView<T> out, InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
