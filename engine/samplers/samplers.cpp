#include <array>
#include <span>
#include <utility>

#include "engine/base/error.h"
#include "engine/samplers/choice.h"
#include "engine/samplers/dpm_solver.h"
#include "engine/samplers/euler.h"
#include "engine/samplers/flow_euler.h"
#include "engine/samplers/scm.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {
namespace {

using Maker = std::unique_ptr<const Sampler> (*)(const io::Config&);

constexpr std::array<Named<Maker>, 4> kMakers = {{{"DPMSolverMultistepScheduler", MakeDpmSolver},
                                                  {"EulerDiscreteScheduler", MakeEuler},
                                                  {"FlowMatchEulerDiscreteScheduler", MakeFlowEuler},
                                                  {"SCMScheduler", MakeScm}}};

// Those that run on each other's schedules, where they are of one kind. SCMScheduler's file describes none.
constexpr std::array<Maker, 3> kSwappable = {MakeDpmSolver, MakeEuler, MakeFlowEuler};

}  // namespace

std::vector<std::unique_ptr<const Sampler>> MakeSamplers(const io::Config& scheduler_config) {
  const Maker own = Choice(scheduler_config, "_class_name", "", std::span<const Named<Maker>>(kMakers));
  std::vector<std::unique_ptr<const Sampler>> samplers;
  samplers.push_back(own(scheduler_config));
  if (own == MakeScm) return samplers;
  for (const Maker maker : kSwappable) {
    if (maker == own) continue;
    try {
      samplers.push_back(maker(scheduler_config));
    } catch (const Broken&) {
      // The checkpoint is not at fault if another class can't run its schedule: that sampler is just not on offer.
    }
  }
  return samplers;
}

}  // namespace stampd::samplers
