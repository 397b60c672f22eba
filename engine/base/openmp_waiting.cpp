#include "engine/base/openmp_waiting.h"

#include <cstdlib>

#include <unistd.h>

namespace stampd {

void SleepWhileWaiting(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
  execv("/proc/self/exe", argv);  // returns only where it can't: then threads spin
}

}  // namespace stampd
