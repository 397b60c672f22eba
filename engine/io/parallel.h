#pragma once

#include <cstddef>
#include <functional>

namespace stampd::io {

/// Calls `work` with 0 … count-1, each once, from up to `threads` threads (0: as many as the machine has), in that order as
/// threads come free. Returns when all are done; the failure of the smallest index is thrown then.
void ForEachInParallel(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work);

}  // namespace stampd::io
