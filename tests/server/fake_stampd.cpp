// The whole program with FakePipeline for an engine: what `stampd` does before, between and after requests.
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/server/fake_pipeline.h"

namespace stampd {

void UseThreads(int) {}

// Folders tell what happens: "broken" can't be loaded, "slow" takes for ever to load, "steps-20ms" takes 20 ms for a step,
// "uninstructed" lacks an instruction.
std::unique_ptr<Pipeline> Pipeline::Load(const LoadOptions& options) {
  const std::string folder = options.folder;
  if (folder == "broken") throw Broken("[checkpoint] broken/model_index.json: expected a file, found none");
  if (folder == "slow") std::this_thread::sleep_for(std::chrono::hours(1));
  auto pipeline = std::make_unique<server::FakePipeline>();
  if (folder.starts_with("steps-")) pipeline->step_delay = std::chrono::milliseconds(std::atoi(folder.c_str() + 6));
  pipeline->facts.lacks_instruction = folder == "uninstructed";
  return pipeline;
}

}  // namespace stampd
