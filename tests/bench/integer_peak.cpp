#include "tests/bench/integer_peak.h"

namespace stampd::bench {
namespace {

// clang-format off
// Twelve independent sums in the registers 0 … 11; the operands, and results on their way, lie in 12 … 15.
#define STAMPD_TWELVE(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define STAMPD_REGISTERS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13"
#define STAMPD_DOT512(n) "vpdpbusd %%zmm15, %%zmm14, %%zmm" #n "\n\t"
#define STAMPD_DOT256(n) "%{vex%} vpdpbusd %%ymm15, %%ymm14, %%ymm" #n "\n\t"
#define STAMPD_BYTES256(n) "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n\tvpaddw %%ymm13, %%ymm" #n ", %%ymm" #n "\n\t"
#define STAMPD_WORDS256(n) "vpmaddwd %%ymm15, %%ymm14, %%ymm13\n\tvpaddd %%ymm13, %%ymm" #n ", %%ymm" #n "\n\t"
#define STAMPD_WORDS128(n) "movdqa %%xmm14, %%xmm13\n\tpmaddwd %%xmm15, %%xmm13\n\tpaddd %%xmm13, %%xmm" #n "\n\t"
#define STAMPD_RUN(code) asm volatile(code : : : STAMPD_REGISTERS)
// clang-format on

constexpr int kSums = 12;
constexpr int kStep = 8;  // sums of products in 16 bits

}  // namespace

double RunPeak(kernels::cpu::InstructionSet set, int bits, std::int64_t rounds) {
  using kernels::cpu::InstructionSet;
  int bytes = 0;  // products of an instruction
  if (set == InstructionSet::kAvx512) {
    for (std::int64_t i = 0; i < rounds * kStep; ++i) STAMPD_RUN(STAMPD_TWELVE(STAMPD_DOT512));
    bytes = 64;
  } else if (set == InstructionSet::kAvxVnni) {
    for (std::int64_t i = 0; i < rounds * kStep; ++i) STAMPD_RUN(STAMPD_TWELVE(STAMPD_DOT256));
    bytes = 32;
  } else if (set == InstructionSet::kAvx2 && bits == 4) {
    for (std::int64_t i = 0; i < rounds; ++i) {
      for (int k = 0; k < kStep; ++k) STAMPD_RUN(STAMPD_TWELVE(STAMPD_BYTES256));
      STAMPD_RUN(STAMPD_TWELVE(STAMPD_WORDS256));
    }
    bytes = 32;
  } else if (set == InstructionSet::kAvx2) {
    for (std::int64_t i = 0; i < rounds * kStep; ++i) STAMPD_RUN(STAMPD_TWELVE(STAMPD_WORDS256));
    bytes = 16;
  } else {
    for (std::int64_t i = 0; i < rounds * kStep; ++i) STAMPD_RUN(STAMPD_TWELVE(STAMPD_WORDS128));
    bytes = 8;
  }
  if (set != InstructionSet::kSse2) asm volatile("vzeroupper" : : : STAMPD_REGISTERS, "xmm14", "xmm15");
  return 2.0 * kSums * kStep * bytes * static_cast<double>(rounds);
}

}  // namespace stampd::bench
