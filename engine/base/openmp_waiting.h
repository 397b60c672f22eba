#pragma once

namespace stampd {

/// Makes the threads of LibTorch's pool sleep while they wait for each other, and not spin; call it first in main.
///
/// Spinning threads keep a core from whoever shares it, their own siblings among them: on two cores with one busy neighbour a step
/// takes five to twenty times as long. OpenMP's runtime reads its settings when it is loaded, before main, so this sets
/// OMP_WAIT_POLICY and starts the program anew, once. Does nothing where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set.
void SleepWhileWaiting(char** argv);

}  // namespace stampd
