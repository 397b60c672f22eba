#include "engine/kernels/cpu/lanes256.h"
#include "engine/kernels/cpu/token_mixing_simd.h"

namespace stampd::kernels::cpu {

constinit const TokenMixing kTokenMixingAvx2 = kTokenMixing<Lanes256>;

}  // namespace stampd::kernels::cpu
