#include "client/models.h"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <vector>

#include <google/protobuf/util/json_util.h>

#include "client/report_error.h"

namespace stampd::client {
namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kShortDigest = 12;

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

std::string Limits(const v1::ModelLimits& limits) {
  return std::to_string(limits.min_side()) + "-" + std::to_string(limits.max_side()) + " px, " +
         std::to_string(limits.max_steps()) + " steps, " + std::to_string(limits.max_images()) + " images";
}

Row Describe(const v1::ModelInfo& model, bool is_default) {
  const v1::ModelDefaults& defaults = model.defaults();
  return {model.name() + (is_default ? "*" : ""),
          model.family(),
          std::to_string(defaults.width()) + "x" + std::to_string(defaults.height()),
          std::to_string(defaults.steps()),
          Number(defaults.guidance_scale()),
          Join(model.precisions()),
          Join(model.schedulers()),
          Limits(model.limits()),
          model.digest().substr(0, kShortDigest)};
}

std::string Aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += row.back() + "\n";
  }
  return text;
}

std::string RenderJson(const v1::ListModelsResponse& models) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(models, &text, options);
  if (!status.ok()) throw std::runtime_error("the answer has no JSON: " + status.ToString());
  return text + "\n";
}

}  // namespace

std::string RenderModels(const v1::ListModelsResponse& models) {
  std::vector<Row> rows = {{"NAME", "FAMILY", "SIZE", "STEPS", "GUIDANCE", "PRECISIONS", "SCHEDULERS", "LIMITS", "DIGEST"}};
  for (const v1::ModelInfo& model : models.models()) rows.push_back(Describe(model, rows.size() == 1));
  return Aligned(rows);
}

ExitCode Models(bool json, const ServerOptions& server, const Console& console) {
  v1::ListModelsResponse models;
  const Outcome outcome = Run(server, [&](auto& stub, auto& context) { return stub.ListModels(&context, {}, &models); });
  if (!outcome.status.ok()) {
    console.err << DescribeError(outcome, server.address);
    return ExitCodeOf(outcome);
  }
  console.out << (json ? RenderJson(models) : RenderModels(models)) << std::flush;
  return ExitCode::kOk;
}

}  // namespace stampd::client
