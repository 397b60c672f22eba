#pragma once

#include <cstdint>
#include <span>

namespace stampd::kernels::cpu {

/// What a processor can do, as far as kernels have forms for it. Whatever the form, the result is the same, byte for byte: a kernel
/// that takes an InstructionSet takes it for speed and for tests.
///
/// kSse2     every x86-64 processor.
/// kAvx2     with FMA's generation (Haswell, Zen 1).
/// kAvxVnni  AVX2, and sums of four products of bytes in 256-bit registers (Alder Lake, Zen 5).
/// kAvx512   F, BW, DQ, VL and VNNI (Ice Lake, Zen 4).
enum class InstructionSet : std::uint8_t { kSse2, kAvx2, kAvxVnni, kAvx512 };

const char* Name(InstructionSet set);

/// Those that this processor and its operating system run, the most able last; kSse2 is always there.
std::span<const InstructionSet> RunnableInstructionSets();

/// The last of them. Asked once, then remembered.
InstructionSet BestInstructionSet();

}  // namespace stampd::kernels::cpu
