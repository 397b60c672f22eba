#include "server/call.h"

#include <cstdio>
#include <utility>

#include "server/convert.h"
#include "server/status.h"
#include "server/status_name.h"
#include "server/validation.h"
#include "server/wire.h"

namespace stampd::server {
namespace {

std::string MadeUpId(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string RequestIdOf(const v1::GenerateRequest& request, const grpc::CallbackServerContext& context, std::uint64_t number) {
  if (IsRequestId(request.request_id())) return request.request_id();
  const auto header = context.client_metadata().find("x-request-id");
  if (request.request_id().empty() && header != context.client_metadata().end()) {
    const std::string id(header->second.data(), header->second.size());
    if (IsRequestId(id)) return id;
  }
  return MadeUpId(number);
}

std::string ModelLabel(const v1::GenerateRequest& request, const HostedModels& models) {
  const HostedModel* model = Find(models, request.model());
  return model != nullptr ? model->name : "unknown";
}

}  // namespace

Call::Call(const ServiceParts& parts, Method method, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request)
    : parts_(parts), method_(method), context_(context), came_(parts.clock.Now()), model_("unknown") {
  Read(request);
  request_id_ = RequestIdOf(request_, *context, parts.draw_number());
  if (!unreadable_) model_ = ModelLabel(request_, parts.models);
}

void Call::Read(const grpc::ByteBuffer& bytes) {
  try {
    request_ = ParseRequest(bytes);
  } catch (...) {
    unreadable_ = std::current_exception();
  }
}

std::shared_ptr<Job> Call::Submit(JobListener& listener) {
  if (unreadable_) std::rethrow_exception(unreadable_);
  Order order = ToOrder(request_, {.models = parts_.models,
                                   .limits = parts_.limits,
                                   .is_stream = method_ == Method::kGenerateStream,
                                   .request_id = request_id_,
                                   .draw_seed = parts_.draw_number});
  return parts_.scheduler.Submit(std::move(order), Deadline(), listener);
}

Time Call::Deadline() const {
  const auto deadline = context_->deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return Time::max();
  return came_ + std::chrono::duration_cast<Time::duration>(deadline - std::chrono::system_clock::now());
}

grpc::Status Call::Succeeded(const Report& report) {
  const Timings& timings = report.timings;
  Close(grpc::OK, {{"queue_seconds", timings.queue},
                   {"text_encode_seconds", timings.text_encode},
                   {"denoise_seconds", timings.denoise},
                   {"decode_seconds", timings.decode},
                   {"image_encode_seconds", timings.image_encode},
                   {"steps", std::int64_t{report.steps}}});
  return grpc::Status::OK;
}

grpc::Status Call::Failed(const std::exception_ptr& error) {
  const Failure failure = ToFailure(error, request_id_);
  if (failure.retry_after) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", std::to_string(failure.retry_after->count()));
  }
  Close(failure.status.error_code(), {{"error", Describe(error)}});
  return failure.status;
}

void Call::Close(grpc::StatusCode code, LogFields more) {
  const double seconds = Seconds(parts_.clock.Now() - came_);
  parts_.metrics.Answered(model_, method_, code, seconds);
  LogFields fields = {{"request_id", request_id_},
                      {"model", model_},
                      {"method", std::string(Name(method_))},
                      {"code", std::string(StatusName(code))},
                      {"seconds", seconds}};
  for (LogField& field : more) fields.push_back(std::move(field));
  if (code == grpc::INTERNAL) {
    parts_.log.Error("request", fields);
  } else {
    parts_.log.Info("request", fields);
  }
}

}  // namespace stampd::server
