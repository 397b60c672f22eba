#pragma once

#include <torch/types.h>

#include "engine/quant/sqnr.h"

namespace stampd::tools {

/// Of `test` against `exact`, which have one shape, in fp32 whatever their dtypes.
quant::Sqnr MeasureTensors(const torch::Tensor& exact, const torch::Tensor& test);

}  // namespace stampd::tools
