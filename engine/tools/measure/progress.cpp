#include "engine/tools/measure/progress.h"

#include <chrono>
#include <cmath>

namespace stampd::tools {
namespace {

constexpr double kInterval = 5, kMinute = 60;

std::string DurationText(double seconds) {
  if (seconds < kMinute) return std::to_string(std::lround(seconds)).append(" s");
  const long minutes = std::lround(seconds / kMinute);
  if (minutes < 60) return std::to_string(minutes).append(" min");
  return std::to_string(minutes / 60).append(" h ").append(std::to_string(minutes % 60)).append(" min");
}

}  // namespace

std::string Ordinal(std::size_t index, std::size_t count) {
  return std::to_string(index + 1).append(" of ").append(std::to_string(count));
}

double ProgressLog::SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void ProgressLog::operator()(const std::string& where, double done) {
  const double now = clock_();
  if (done == 0) began_ = now;
  if (!silent_ && now < due_) return;
  silent_ = false;
  due_ = now + kInterval;
  out_ << where;
  if (done > 0) out_ << ": " << std::lround(100 * done) << " %, " << DurationText((now - began_) * (1 - done) / done) << " left";
  out_ << std::endl;
}

}  // namespace stampd::tools
