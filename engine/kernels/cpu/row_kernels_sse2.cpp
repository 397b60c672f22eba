#include "engine/kernels/cpu/lanes128.h"
#include "engine/kernels/cpu/row_kernels_simd.h"

namespace stampd::kernels::cpu {

const RowKernels kSse2Rows = Rows<Lanes128>::kKernels;

}  // namespace stampd::kernels::cpu
