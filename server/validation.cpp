#include "server/validation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "engine/base/error.h"
#include "server/quote.h"
#include "server/refusal.h"

namespace stampd::server {
namespace {

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string Range(std::int64_t low, std::int64_t high) { return std::to_string(low) + " to " + std::to_string(high); }

// Zero means the default, so `low` is the least that may be asked for in earnest.
void CheckCount(Findings& findings, const std::string& field, int value, int low, int high) {
  const std::string description = "is " + std::to_string(value) + "; expected " + Range(low, high) + ", or 0 for the default";
  if (value < 0) findings.Wrong(field, description);
  if (value > high || (value > 0 && value < low)) findings.BeyondLimit(field, description);
}

void CheckPrompt(Findings& findings, const std::string& field, const std::string& prompt, const Limits& limits) {
  if (prompt.size() > static_cast<std::size_t>(limits.max_prompt_bytes)) {
    findings.BeyondLimit(
        field, "is " + std::to_string(prompt.size()) + " bytes long; expected at most " + std::to_string(limits.max_prompt_bytes));
  }
  if (const std::size_t nul = prompt.find('\0'); nul != std::string::npos) {
    findings.Wrong(field, "holds a NUL character at byte " + std::to_string(nul) + "; expected text without any");
  }
}

void CheckSize(Findings& findings, const v1::GenerateRequest& request, const ModelInfo& info) {
  CheckCount(findings, "width", request.width(), info.min_side, info.max_side);
  CheckCount(findings, "height", request.height(), info.min_side, info.max_side);
  if (findings.Has("width") || findings.Has("height")) return;
  const std::int64_t width = request.width() ? request.width() : info.default_width;
  const std::int64_t height = request.height() ? request.height() : info.default_height;
  if (width * height <= info.max_pixels) return;
  findings.BeyondLimit("width", "times height is " + std::to_string(width) + " x " + std::to_string(height) + " = " +
                                    std::to_string(width * height) + " pixels; expected at most " +
                                    std::to_string(info.max_pixels));
}

void CheckGuidance(Findings& findings, const v1::GenerateRequest& request, const ModelInfo& info) {
  if (!request.has_guidance_scale()) return;
  const double scale = request.guidance_scale();
  const std::string description = "is " + Number(scale) + "; expected 0 to " + Number(info.max_guidance_scale);
  if (!std::isfinite(scale) || scale < 0) findings.Wrong("guidance_scale", description);
  if (scale > info.max_guidance_scale) findings.BeyondLimit("guidance_scale", description);
}

void CheckOutput(Findings& findings, const v1::Output& output) {
  if (!v1::OutputFormat_IsValid(output.format())) {
    findings.Wrong("output.format", "is " + std::to_string(output.format()) + "; expected one of OutputFormat's values, " +
                                        Range(v1::OutputFormat_MIN, v1::OutputFormat_MAX));
    return;
  }
  const bool is_lossy = output.format() == v1::JPEG || output.format() == v1::WEBP;
  const bool is_raw = output.format() == v1::RGB8 || output.format() == v1::LATENT_F32;
  if (output.has_quality() && !is_lossy) findings.Wrong("output.quality", "is set; expected none but for JPEG and WEBP");
  if (output.has_quality() && (output.quality() < 1 || output.quality() > 100)) {
    findings.Wrong("output.quality", "is " + std::to_string(output.quality()) + "; expected 1 to 100");
  }
  if (output.embed_metadata() && is_raw) findings.Wrong("output.embed_metadata", "is true; expected false for RGB8 and LATENT_F32");
}

void CheckPreview(Findings& findings, const v1::GenerateRequest& request, const ModelInfo& info, const Limits& limits,
                  bool is_stream) {
  const v1::PreviewOptions& preview = request.preview();
  if (!is_stream) {
    if (preview.every_n_steps() != 0 || preview.max_side() != 0)
      findings.Wrong("preview", "is set; expected only in GenerateStream");
    return;
  }
  const int steps = request.steps() > 0 ? request.steps() : info.default_steps;
  if (preview.every_n_steps() < 0 || preview.every_n_steps() > steps) {
    findings.Wrong("preview.every_n_steps", "is " + std::to_string(preview.every_n_steps()) +
                                                "; expected 0 to the number of steps, " + std::to_string(steps));
  }
  CheckCount(findings, "preview.max_side", preview.max_side(), 1, limits.max_preview_side);
}

void CheckNames(Findings& findings, const v1::GenerateRequest& request, const ModelInfo& info) {
  const std::string& scheduler = request.scheduler();
  if (!scheduler.empty() && std::find(info.schedulers.begin(), info.schedulers.end(), scheduler) == info.schedulers.end()) {
    std::string known;
    for (const std::string& name : info.schedulers) known += (known.empty() ? "" : ", ") + name;
    findings.Wrong("scheduler", "is " + Quote(scheduler) + "; expected one of: " + known);
  }
  if (!request.precision().empty() && !ParsePrecision(request.precision())) {
    findings.Wrong("precision", "is " + Quote(request.precision()) + "; expected one of: " + PrecisionNames());
  }
  if (!request.request_id().empty() && !IsRequestId(request.request_id())) {
    findings.Wrong("request_id", "is " + Quote(request.request_id()) + ", " + std::to_string(request.request_id().size()) +
                                     " bytes; expected at most " + std::to_string(kMaxRequestIdBytes) +
                                     " printable ASCII characters");
  }
}

}  // namespace

void Findings::Wrong(const std::string& field, const std::string& description) {
  only_limits_ = false;
  Add(field, description);
}

void Findings::BeyondLimit(const std::string& field, const std::string& description) { Add(field, description); }

void Findings::Add(const std::string& field, const std::string& description) {
  if (fields_.insert(field).second) violations_.push_back({field, description});
}

void Findings::ThrowIfAny() const {
  if (violations_.empty()) return;
  if (only_limits_) throw server::BeyondLimit(violations_);
  throw BadRequest(violations_);
}

bool IsRequestId(std::string_view id) {
  const auto is_printable = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
  return !id.empty() && id.size() <= kMaxRequestIdBytes && std::all_of(id.begin(), id.end(), is_printable);
}

Findings CheckFields(const v1::GenerateRequest& request, const ModelInfo& info, const Limits& limits, bool is_stream) {
  Findings findings;
  CheckPrompt(findings, "prompt", request.prompt(), limits);
  CheckPrompt(findings, "negative_prompt", request.negative_prompt(), limits);
  CheckSize(findings, request, info);
  CheckCount(findings, "steps", request.steps(), 1, info.max_steps);
  CheckGuidance(findings, request, info);
  CheckCount(findings, "num_images", request.num_images(), 1, limits.max_images);
  CheckOutput(findings, request.output());
  CheckPreview(findings, request, info, limits, is_stream);
  CheckNames(findings, request, info);
  return findings;
}

}  // namespace stampd::server
