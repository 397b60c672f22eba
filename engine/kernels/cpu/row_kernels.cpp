#include "engine/kernels/cpu/row_kernels.h"

#include "engine/kernels/instruction_set.h"

namespace stampd::kernels::cpu {

const RowKernels& RowKernelsOf(InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse2:
      return kSse2Rows;
    case InstructionSet::kAvx2:
    case InstructionSet::kAvxVnni:
      return kAvx2Rows;
    case InstructionSet::kAvx512:
      return kAvx512Rows;
  }
  return kSse2Rows;
}

}  // namespace stampd::kernels::cpu
