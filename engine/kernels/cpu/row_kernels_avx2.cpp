#include "engine/kernels/cpu/lanes256.h"
#include "engine/kernels/cpu/row_kernels_simd.h"

namespace stampd::kernels::cpu {

const RowKernels kAvx2Rows = Rows<Lanes256>::kKernels;

}  // namespace stampd::kernels::cpu
