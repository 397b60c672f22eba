#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace stampd::tools {

/// Told where a long measurement is ("prompt 2 of 64, recipe 7 of 25"), and which share of its work is done: 0 as it begins.
using Progress = std::function<void(const std::string& where, double done)>;

/// "3 of 20" for index 2.
std::string Ordinal(std::size_t index, std::size_t count);

/// Writes lines of progress, one every five seconds at most, with the time that is left if the rest goes as what is done did.
class ProgressLog {
 public:
  using Clock = double (*)();  // seconds, from anywhere

  explicit ProgressLog(std::ostream& out, Clock clock = SteadySeconds) : out_(out), clock_(clock) {}

  void operator()(const std::string& where, double done);

 private:
  static double SteadySeconds();

  std::ostream& out_;
  Clock clock_;
  double began_ = 0;  // when nothing was done yet
  double due_ = 0;    // when the next line may be written
  bool silent_ = true;
};

}  // namespace stampd::tools
