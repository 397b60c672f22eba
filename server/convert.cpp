#include "server/convert.h"

#include <algorithm>
#include <utility>

#include "server/quote.h"
#include "server/refusal.h"
#include "server/validation.h"

namespace stampd::server {
namespace {

ImageFormat FormatOf(v1::OutputFormat format) {
  switch (format) {
    case v1::JPEG:
      return ImageFormat::kJpeg;
    case v1::WEBP:
      return ImageFormat::kWebp;
    case v1::RGB8:
      return ImageFormat::kRgb8;
    case v1::LATENT_F32:
      return ImageFormat::kLatentF32;
    default:
      return ImageFormat::kPng;
  }
}

v1::OutputFormat FormatOf(ImageFormat format) {
  switch (format) {
    case ImageFormat::kPng:
      return v1::PNG;
    case ImageFormat::kJpeg:
      return v1::JPEG;
    case ImageFormat::kWebp:
      return v1::WEBP;
    case ImageFormat::kRgb8:
      return v1::RGB8;
    case ImageFormat::kLatentF32:
      return v1::LATENT_F32;
  }
  return v1::OUTPUT_FORMAT_UNSPECIFIED;
}

const HostedModel& FindModel(const v1::GenerateRequest& request, const HostedModels& models) {
  if (const HostedModel* model = Find(models, request.model())) return *model;
  std::string known;
  for (const HostedModel& model : models) known += (known.empty() ? "" : ", ") + model.name;
  throw UnknownModel(request.model(), "model is " + Quote(request.model()) + "; expected one of: " + known);
}

// The request with every default filled in. A field with a finding keeps its default, so that what the model is asked about next is
// only what has passed so far.
Request WithDefaults(const v1::GenerateRequest& from, const ModelInfo& info, const Findings& findings) {
  const auto number = [&](const char* field, int value, int otherwise) {
    return value == 0 || findings.Has(field) ? otherwise : value;
  };
  const bool size_is_fine = !findings.Has("width") && !findings.Has("height");
  Request request;
  if (!findings.Has("prompt")) request.prompt = from.prompt();
  if (!findings.Has("negative_prompt")) request.negative_prompt = from.negative_prompt();
  request.width = size_is_fine ? number("width", from.width(), info.default_width) : info.default_width;
  request.height = size_is_fine ? number("height", from.height(), info.default_height) : info.default_height;
  request.steps = number("steps", from.steps(), info.default_steps);
  const bool has_guidance = from.has_guidance_scale() && !findings.Has("guidance_scale");
  request.guidance_scale = has_guidance ? from.guidance_scale() : info.default_guidance_scale;
  request.num_images = number("num_images", from.num_images(), 1);
  const bool has_scheduler = !from.scheduler().empty() && !findings.Has("scheduler");
  request.scheduler = has_scheduler ? from.scheduler() : info.schedulers.front();
  const auto is_named = [&](Precision precision) { return Name(precision) == from.precision(); };
  const auto precision = std::ranges::find_if(info.precisions, is_named);
  request.precision = precision == info.precisions.end() ? info.precisions.front() : *precision;
  request.clean_caption = from.has_clean_caption() ? from.clean_caption() : info.default_clean_caption;
  request.use_resolution_binning =
      from.has_use_resolution_binning() ? from.use_resolution_binning() : info.default_use_resolution_binning;
  return request;
}

void CheckPrecision(const v1::GenerateRequest& request, const HostedModel& model) {
  std::string loaded;
  for (const Precision precision : model.info().precisions) {
    if (request.precision().empty() || request.precision() == Name(precision)) return;
    loaded += (loaded.empty() ? "" : ", ") + std::string(Name(precision));
  }
  throw PrecisionNotLoaded(model.name,
                           "model '" + model.name + "' is not loaded in " + request.precision() + ", only in " + loaded);
}

void ToProto(const Timings& timings, v1::Timings* proto) {
  proto->set_queue_seconds(timings.queue);
  proto->set_text_encode_seconds(timings.text_encode);
  proto->set_denoise_seconds(timings.denoise);
  proto->set_decode_seconds(timings.decode);
  proto->set_image_encode_seconds(timings.image_encode);
  proto->set_total_seconds(timings.total);
}

// GenerateResponse and Done say the same about the whole.
template <typename Message>
void WriteReport(const Report& report, const Order& order, Message* message) {
  ToProto(report.timings, message->mutable_timings());
  message->set_steps(report.steps);
  message->set_precision(std::string(Name(*order.request.precision)));
  message->set_model(order.model->name);
  message->set_model_digest(order.model->info().digest);
  message->set_mean_batch_rows(report.mean_batch_rows);
  message->set_request_id(order.request_id);
}

void WriteDefaults(const ModelInfo& info, v1::ModelDefaults* defaults) {
  defaults->set_width(info.default_width);
  defaults->set_height(info.default_height);
  defaults->set_steps(info.default_steps);
  defaults->set_guidance_scale(info.default_guidance_scale);
  defaults->set_clean_caption(info.default_clean_caption);
  defaults->set_use_resolution_binning(info.default_use_resolution_binning);
  defaults->set_format(v1::PNG);
  defaults->set_quality(kDefaultQuality);
}

void WriteLimits(const ModelInfo& info, const Limits& limits, v1::ModelLimits* proto) {
  proto->set_min_side(info.min_side);
  proto->set_max_side(info.max_side);
  proto->set_max_pixels(info.max_pixels);
  proto->set_size_multiple(info.size_multiple);
  proto->set_max_steps(info.max_steps);
  proto->set_max_guidance_scale(info.max_guidance_scale);
  proto->set_max_images(limits.max_images);
  proto->set_max_prompt_bytes(limits.max_prompt_bytes);
  proto->set_max_prompt_tokens(info.max_prompt_tokens);
  proto->set_max_preview_side(limits.max_preview_side);
  proto->set_max_queue(limits.max_queue);
}

}  // namespace

Order ToOrder(const v1::GenerateRequest& request, const OrderContext& context) {
  const HostedModel& model = FindModel(request, context.models);
  Findings findings = CheckFields(request, model.info(), context.limits, context.is_stream);
  Order order;
  order.model = &model;
  order.request = WithDefaults(request, model.info(), findings);
  for (const FieldViolation& violation : model.pipeline->Check(order.request))
    findings.Wrong(violation.field, violation.description);
  findings.ThrowIfAny();
  CheckPrecision(request, model);
  order.request.seed = request.has_seed() ? request.seed() : context.draw_seed();
  order.output.format = FormatOf(request.output().format());
  order.output.quality = request.output().has_quality() ? request.output().quality() : kDefaultQuality;
  order.output.embed_metadata = request.output().embed_metadata();
  order.preview_every = request.preview().every_n_steps();
  order.preview_side = request.preview().max_side();
  order.request_id = context.request_id;
  return order;
}

void ToProto(const HostedModels& models, const Limits& limits, v1::ListModelsResponse* response) {
  for (const HostedModel& model : models) {
    const ModelInfo& info = model.info();
    v1::ModelInfo* proto = response->add_models();
    proto->set_name(model.name);
    proto->set_family(info.family);
    proto->set_digest(info.digest);
    proto->set_device(model.device);
    for (const Precision precision : info.precisions) proto->add_precisions(std::string(Name(precision)));
    for (const std::string& scheduler : info.schedulers) proto->add_schedulers(scheduler);
    proto->set_parameters(info.parameters);
    proto->set_resident_bytes(info.resident_bytes);
    proto->set_guidance_embedded(info.guidance_embedded);
    WriteDefaults(info, proto->mutable_defaults());
    WriteLimits(info, limits, proto->mutable_limits());
  }
}

void ToProto(FinishedImage image, v1::Image* proto) {
  proto->set_data(std::move(image.data));
  proto->set_format(FormatOf(image.format));
  proto->set_width(image.width);
  proto->set_height(image.height);
  proto->set_seed(image.seed);
  proto->set_sha256(std::move(image.sha256));
  proto->set_index(image.index);
}

void ToProto(const Report& report, const Order& order, v1::GenerateResponse* response) { WriteReport(report, order, response); }
void ToProto(const Report& report, const Order& order, v1::Done* done) { WriteReport(report, order, done); }

}  // namespace stampd::server
