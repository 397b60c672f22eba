#include "engine/kernels/instruction_set.h"

#include <vector>

namespace stampd::kernels::cpu {
namespace {

// __builtin_cpu_supports also asks the operating system whether it saves the wider registers.
std::vector<InstructionSet> Find() {
  std::vector<InstructionSet> found = {InstructionSet::kSse2};
  const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2) found.push_back(InstructionSet::kAvx2);
  if (avx2 && __builtin_cpu_supports("avxvnni")) found.push_back(InstructionSet::kAvxVnni);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
    found.push_back(InstructionSet::kAvx512);
  }
  return found;
}

}  // namespace

const char* Name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse2:
      return "sse2";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvxVnni:
      return "avxvnni";
    case InstructionSet::kAvx512:
      return "avx512";
  }
  return "unknown";
}

std::span<const InstructionSet> RunnableInstructionSets() {
  static const std::vector<InstructionSet> found = Find();
  return found;
}

InstructionSet BestInstructionSet() {
  static const InstructionSet best = RunnableInstructionSets().back();
  return best;
}

}  // namespace stampd::kernels::cpu
