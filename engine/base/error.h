#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stampd {

/// One thing that is wrong with a request: which field, and what it may be. `description` holds the value found and the range
/// allowed.
struct FieldViolation {
  std::string field;
  std::string description;
  bool over_limit = false;  // past a limit that the model publishes, rather than wrong in itself
};

/// The engine throws three kinds of error; a server turns each into one status (server/convert.cpp).

/// The caller's mistake. Never retried.
class BadRequest : public std::runtime_error {
 public:
  explicit BadRequest(std::vector<FieldViolation> violations);
  BadRequest(std::string field, std::string description) : BadRequest({{std::move(field), std::move(description)}}) {}

  const std::vector<FieldViolation>& violations() const { return violations_; }

 private:
  std::vector<FieldViolation> violations_;
};

/// The request is right but there is no room for it now: memory, queue.
class NoCapacity : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that was promised does not hold: a checkpoint file, a device, our own code.
class Broken : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stampd
