#include "engine/kernels/cpu/lanes512.h"
#include "engine/kernels/cpu/row_kernels_simd.h"

namespace stampd::kernels::cpu {

const RowKernels kAvx512Rows = Rows<Lanes512>::kKernels;

}  // namespace stampd::kernels::cpu
