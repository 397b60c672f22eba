#pragma once

#include <cstdint>

#include "engine/kernels/instruction_set.h"

namespace stampd::bench {

/// Runs the instructions that multiply and add bytes, and nothing else, in registers: what a kernel can't be faster than.
///
/// avx512, avxvnni  vpdpbusd.
/// avx2, 4 bits     eight times vpmaddubsw and vpaddw, then vpmaddwd and vpaddd: sums in 16 bits have to be widened in between.
/// avx2, 8 bits     vpmaddwd and vpaddd, as have sse2's.
///
/// Returns how many multiplications and additions that was, two for each product.
double RunPeak(kernels::cpu::InstructionSet set, int bits, std::int64_t rounds);

}  // namespace stampd::bench
