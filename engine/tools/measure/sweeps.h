#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/quant/recipe.h"

namespace stampd::tools {

/// The experiments behind the default recipe: `base`, and variations of it with names of their own, most of them one field apart
/// from it. Names of sweeps:
///
///   transforms   none, DCT, WHT, Haar along lines and in 2-D, each without and with Hadamard and smoothing; same average bits
///   locality     what the gain comes from: the mean taken out, tokens shuffled, tiles of 2, 4, 8
///   tokens       0, 4, 16, 32, 64, 128 high tokens, with and without the transform; 5, 6 and 7 bits in them
///   levels       of Haar
///   ranges       symmetric, clipped, groups of 64 for activations and for weights, rounding without a search
///   sides        weights alone, activations alone
///   layers       one kind of layer left in full precision
///   all          all of these
///
/// Throws BadRequest for other names.
std::vector<quant::Recipe> Sweep(std::string_view name, const quant::Recipe& base);

std::vector<std::string> SweepNames();

}  // namespace stampd::tools
