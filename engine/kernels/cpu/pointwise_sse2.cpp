#include "engine/kernels/cpu/pointwise_loops.h"

namespace stampd::kernels::cpu {

constinit const PointwiseLoops kPointwiseSse2 = kLoops;

}  // namespace stampd::kernels::cpu
