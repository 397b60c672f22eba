#include "engine/kernels/cpu/lanes512.h"
#include "engine/kernels/cpu/w4a4_gemm_simd.h"

namespace stampd::kernels::cpu {
namespace {

struct Vnni512 : Lanes512 {
  // Of the intrinsic function GCC 12 makes copies of the sums, for which there are no registers left.
  static void AddDot(Int& sums, Int codes, Int weights) { asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(codes), "v"(weights)); }
};

using Panel = VnniPanel<Vnni512>;
constexpr int kRows = 12;  // 12 x 2 sums, 2 weights and a row's codes in 32 registers

}  // namespace

const GemmTile kAvx512Tile{.rows = kRows,
                           .outs = kVectors * Vnni512::kLanes,
                           .code_bytes = 1,
                           .step_bytes = Panel::kStepBytes,
                           .panels_bytes = 640 << 10,
                           .unpack = Panel::Unpack,
                           .multiply = Panel::Multiply<kRows>};

}  // namespace stampd::kernels::cpu
