#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "engine/base/error.h"

// Why the server itself turns a request away, beside the engine's own three kinds (engine/base/error.h). server/status.cpp gives
// each its code.
namespace stampd::server {

/// Every violation is of a limit that ListModels publishes.
class BeyondLimit : public BadRequest {
  using BadRequest::BadRequest;
};

class UnknownModel : public std::runtime_error {
 public:
  UnknownModel(std::string name, const std::string& message) : std::runtime_error(message), name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// The model is there, but not in the precision asked for.
class PrecisionNotLoaded : public std::runtime_error {
 public:
  PrecisionNotLoaded(std::string model, const std::string& message) : std::runtime_error(message), model_(std::move(model)) {}
  const std::string& model() const { return model_; }

 private:
  std::string model_;
};

class QueueFull : public NoCapacity {
 public:
  QueueFull(const std::string& message, std::chrono::milliseconds retry_after) : NoCapacity(message), retry_after_(retry_after) {}
  std::chrono::milliseconds retry_after() const { return retry_after_; }

 private:
  std::chrono::milliseconds retry_after_;
};

class ShuttingDown : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Cancelled : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class DeadlinePassed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stampd::server
