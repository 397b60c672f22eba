#include "engine/kernels/cpu/lanes256.h"
#include "engine/kernels/cpu/w4a4_gemm_simd.h"

namespace stampd::kernels::cpu {
namespace {

struct Vnni256 : Lanes256 {
  // Of the intrinsic function GCC 12 makes copies of the sums, for which there are no registers left.
  static void AddDot(Int& sums, Int codes, Int weights) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(codes), "x"(weights));
  }
};

using Panel = VnniPanel<Vnni256>;
constexpr int kRows = 6;  // 6 x 2 sums, 2 weights and a row's codes in 16 registers

}  // namespace

const GemmTile kAvxVnniTile{.rows = kRows,
                            .outs = kVectors * Vnni256::kLanes,
                            .code_bytes = 1,
                            .step_bytes = Panel::kStepBytes,
                            .panels_bytes = 640 << 10,
                            .unpack = Panel::Unpack,
                            .multiply = Panel::Multiply<kRows>};

}  // namespace stampd::kernels::cpu
