#include "engine/request_plan.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "engine/models/resolution_bins.h"

namespace stampd {
namespace {

class Violations {
 public:
  template <typename T, typename Low, typename High>
  void Range(const char* field, T value, Low low, High high) {
    if (value >= low && value <= high) return;
    std::ostringstream text;
    text << "expected " << low << " to " << high << ", found " << value;
    Add(field, text.str(), value > high);
  }
  void Add(const char* field, std::string description, bool over_limit = false) {
    found_.push_back({field, std::move(description), over_limit});
  }
  std::vector<FieldViolation> Take() { return std::move(found_); }

 private:
  std::vector<FieldViolation> found_;
};

bool Binned(const ModelInfo& info, const Request& request) {
  return request.use_resolution_binning.value_or(info.default_use_resolution_binning);
}

Size SizeOf(const ModelInfo& info, const Request& request) {
  return {.width = request.width == 0 ? info.default_width : request.width,
          .height = request.height == 0 ? info.default_height : request.height};
}

void CheckSize(const ModelInfo& info, const Request& request, Violations& violations) {
  const Size size = SizeOf(info, request);
  violations.Range("width", size.width, info.min_side, info.max_side);
  violations.Range("height", size.height, info.min_side, info.max_side);
  const std::int64_t pixels = std::int64_t{size.width} * size.height;
  if (pixels > info.max_pixels) {
    violations.Add("width",
                   "expected width * height to be at most " + std::to_string(info.max_pixels) + ", found " + std::to_string(pixels),
                   true);
  }
  if (Binned(info, request)) {
    if (!info.default_use_resolution_binning) {
      violations.Add("use_resolution_binning", "expected false, found true: this model was not trained on a table of sizes");
    }
    return;
  }
  const auto check_multiple = [&](const char* field, int side) {
    if (side % info.size_multiple == 0) return;
    violations.Add(field, "expected a multiple of " + std::to_string(info.size_multiple) +
                              " where use_resolution_binning is off, found " + std::to_string(side));
  };
  check_multiple("width", size.width);
  check_multiple("height", size.height);
}

int SamplerOf(const ModelInfo& info, const std::string& name) {
  if (name.empty()) return 0;
  const auto found = std::ranges::find(info.schedulers, name);
  return found == info.schedulers.end() ? -1 : static_cast<int>(found - info.schedulers.begin());
}

void CheckScheduler(const ModelInfo& info, const Request& request, Violations& violations) {
  if (SamplerOf(info, request.scheduler) >= 0) return;
  std::string known;
  for (const std::string& name : info.schedulers) known += (known.empty() ? "" : ", ") + name;
  violations.Add("scheduler", "expected one of " + known + ", found " + request.scheduler);
}

void CheckPrecision(const ModelInfo& info, const Request& request, Violations& violations) {
  if (!request.precision || std::ranges::find(info.precisions, *request.precision) != info.precisions.end()) return;
  std::string loaded;
  for (const Precision precision : info.precisions) loaded += (loaded.empty() ? "" : ", ") + std::string(Name(precision));
  violations.Add("precision", "expected one that is loaded (" + loaded + "), found " + std::string(Name(*request.precision)));
}

}  // namespace

std::vector<FieldViolation> CheckRequest(const ModelInfo& info, const Request& request) {
  Violations violations;
  CheckSize(info, request, violations);
  CheckScheduler(info, request, violations);
  CheckPrecision(info, request, violations);
  if (request.steps != 0) violations.Range("steps", request.steps, 1, info.max_steps);
  // A comparison with NaN is false, so NaN is out of every range.
  if (request.guidance_scale) violations.Range("guidance_scale", *request.guidance_scale, 0, info.max_guidance_scale);
  if (info.guidance_embedded && !request.negative_prompt.empty()) {
    violations.Add("negative_prompt",
                   "expected none, found one: this model has its guidance embedded and reads no negative prompt");
  }
  if (request.num_images < 1) violations.Add("num_images", "expected 1 or more, found " + std::to_string(request.num_images));
  return violations.Take();
}

RequestPlan PlanRequest(const ModelInfo& info, const Request& request) {
  RequestPlan plan;
  plan.size = SizeOf(info, request);
  plan.painted = plan.size;
  if (Binned(info, request)) {
    const models::Resolution bin = models::NearestBin({plan.size.height, plan.size.width}, info.default_width);
    plan.painted = {.width = bin.width, .height = bin.height};
  }
  plan.steps = request.steps == 0 ? info.default_steps : request.steps;
  plan.guidance_scale = request.guidance_scale.value_or(info.default_guidance_scale);
  plan.sampler = SamplerOf(info, request.scheduler);
  plan.guided = plan.guidance_scale > 1 && !info.guidance_embedded;
  plan.clean_caption = request.clean_caption.value_or(info.default_clean_caption);
  return plan;
}

}  // namespace stampd
