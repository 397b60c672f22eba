#pragma once

#include <chrono>

namespace stampd::server {

using Time = std::chrono::steady_clock::time_point;

/// Where the scheduler gets the time from, so that tests can set it. Never goes backwards; any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  Time Now() const override { return std::chrono::steady_clock::now(); }
};

inline double Seconds(std::chrono::steady_clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace stampd::server
