#include "engine/kernels/cpu/lanes128.h"
#include "engine/kernels/cpu/token_mixing_simd.h"

namespace stampd::kernels::cpu {

constinit const TokenMixing kTokenMixingSse2 = kTokenMixing<Lanes128>;

}  // namespace stampd::kernels::cpu
