#include "engine/kernels/cpu/lanes512.h"
#include "engine/kernels/cpu/token_mixing_simd.h"

namespace stampd::kernels::cpu {

constinit const TokenMixing kTokenMixingAvx512 = kTokenMixing<Lanes512>;

}  // namespace stampd::kernels::cpu
