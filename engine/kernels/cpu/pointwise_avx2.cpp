#include "engine/kernels/cpu/pointwise_loops.h"

namespace stampd::kernels::cpu {

constinit const PointwiseLoops kPointwiseAvx2 = kLoops;

}  // namespace stampd::kernels::cpu
