#include "engine/base/error.h"

namespace stampd {
namespace {

std::string Join(const std::vector<FieldViolation>& violations) {
  std::string text;
  for (const FieldViolation& violation : violations) {
    if (!text.empty()) text += "; ";
    text += violation.field + ": " + violation.description;
  }
  return text;
}

}  // namespace

BadRequest::BadRequest(std::vector<FieldViolation> violations)
    : std::runtime_error(Join(violations)), violations_(std::move(violations)) {}

}  // namespace stampd
