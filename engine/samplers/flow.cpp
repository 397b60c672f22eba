#include "engine/samplers/flow.h"

#include <cmath>
#include <string>

#include "engine/samplers/choice.h"

namespace stampd::samplers {
namespace {

bool IsFlowMatch(const io::Config& config) { return config.String("_class_name", "") == "FlowMatchEulerDiscreteScheduler"; }

}  // namespace

bool IsFlow(const io::Config& config) { return IsFlowMatch(config) || config.Bool("use_flow_sigmas", false); }

double FlowShift(const io::Config& config) {
  const std::string_view key = IsFlowMatch(config) ? "shift" : "flow_shift";
  const double shift = config.Double(key, 1.0);
  if (!(shift > 0 && std::isfinite(shift))) throw Unsupported(config, key, "above 0", std::to_string(shift));
  return shift;
}

std::string_view DefaultPrediction(const io::Config& config) { return IsFlowMatch(config) ? "flow_prediction" : "epsilon"; }

}  // namespace stampd::samplers
