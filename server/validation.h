#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "server/limits.h"
#include "stampd/v1/text_to_image.pb.h"

namespace stampd::server {

/// What is wrong with a request, field by field: the first finding on a field stays.
class Findings {
 public:
  /// The value could never be right.
  void Wrong(const std::string& field, const std::string& description);

  /// The value is beyond a limit that ListModels publishes.
  void BeyondLimit(const std::string& field, const std::string& description);

  bool Has(const std::string& field) const { return fields_.contains(field); }

  /// Throws BadRequest, or BeyondLimit if that is all there is; nothing if there are no findings.
  void ThrowIfAny() const;

 private:
  void Add(const std::string& field, const std::string& description);

  std::set<std::string> fields_;
  std::vector<FieldViolation> violations_;
  bool only_limits_ = true;
};

/// Everything that can be said without asking the model: signs, limits, finite numbers, names, options that exclude each other.
/// `is_stream`: the call is GenerateStream.
Findings CheckFields(const v1::GenerateRequest& request, const ModelInfo& info, const Limits& limits, bool is_stream);

/// At most kMaxRequestIdBytes printable ASCII characters, at least one.
bool IsRequestId(std::string_view id);

}  // namespace stampd::server
