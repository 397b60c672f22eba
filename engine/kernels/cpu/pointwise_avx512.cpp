#include "engine/kernels/cpu/pointwise_loops.h"

namespace stampd::kernels::cpu {

constinit const PointwiseLoops kPointwiseAvx512 = kLoops;

}  // namespace stampd::kernels::cpu
