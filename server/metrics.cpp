#include "server/metrics.h"

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <stdexcept>
#include <thread>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "server/knock.h"
#include "server/status_name.h"
#include "server/version.h"

namespace stampd::server {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

constexpr std::string_view kUnknownModel = "unknown";
constexpr std::array kStages = {Stage::kTextEncode, Stage::kDenoise, Stage::kDecode, Stage::kImageEncode};
constexpr std::array kFormats = {ImageFormat::kPng, ImageFormat::kJpeg, ImageFormat::kWebp, ImageFormat::kRgb8,
                                 ImageFormat::kLatentF32};

const Buckets kRequestSeconds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600};
const Buckets kStageSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

std::string_view Name(Stage stage) {
  switch (stage) {
    case Stage::kTextEncode:
      return "text_encode";
    case Stage::kDenoise:
      return "denoise";
    case Stage::kDecode:
      return "decode";
    case Stage::kImageEncode:
      return "image_encode";
  }
  return "";
}

// Whether a call's duration says something about the speed of this server: refused and cancelled calls are short for other reasons.
std::string_view OutcomeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::OK:
      return "ok";
    case grpc::CANCELLED:
    case grpc::DEADLINE_EXCEEDED:
      return "stopped";
    case grpc::INTERNAL:
    case grpc::UNKNOWN:
      return "failed";
    default:
      return "refused";
  }
}
constexpr std::array kOutcomes = {"ok", "refused", "stopped", "failed"};

template <typename Builder>
auto& Register(prometheus::Registry& registry, Builder builder, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

}  // namespace

std::string_view Name(Method method) {
  switch (method) {
    case Method::kGenerate:
      return "Generate";
    case Method::kGenerateStream:
      return "GenerateStream";
    case Method::kListModels:
      return "ListModels";
  }
  return "";
}

struct Metrics::Series {
  struct OfModel {
    std::map<std::pair<Method, grpc::StatusCode>, Counter*> requests;
    std::map<std::string_view, Histogram*> request_seconds;  // by outcome
    std::map<Stage, Histogram*> stage_seconds;
    std::map<ImageFormat, Counter*> images;
    std::map<ImageFormat, Counter*> image_bytes;
    Histogram* queue_seconds = nullptr;
    std::map<Precision, Histogram*> step_seconds;
    std::map<Precision, Counter*> delivered_steps;
    std::map<Precision, Counter*> wasted_steps;
    Gauge* waiting = nullptr;
    Gauge* running = nullptr;
  };

  explicit Series(const HostedModels& models);

  // What every call has, of a hosted model or not.
  void AddCalls(const std::string& model, std::initializer_list<Method> methods);
  void AddWork(const HostedModel& model);
  void AddFacts(const HostedModels& models);

  OfModel& Of(std::string_view model) {
    const auto found = of_model.find(model);
    return found != of_model.end() ? found->second : of_model.find(kUnknownModel)->second;
  }

  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::map<std::string, OfModel, std::less<>> of_model;  // complete once constructed

  Family<Counter>& requests =
      Register(*registry, prometheus::BuildCounter(), "stampd_requests_total", "Calls answered, by model, method and status code.");
  Family<Histogram>& request_seconds =
      Register(*registry, prometheus::BuildHistogram(), "stampd_request_duration_seconds", "From a call's arrival to its answer.");
  Family<Histogram>& queue_seconds =
      Register(*registry, prometheus::BuildHistogram(), "stampd_request_queue_seconds", "From admission to the start of work.");
  Family<Histogram>& stage_seconds = Register(*registry, prometheus::BuildHistogram(), "stampd_stage_duration_seconds",
                                              "Time in each stage of a request, all its pictures together.");
  Family<Histogram>& step_seconds = Register(*registry, prometheus::BuildHistogram(), "stampd_denoise_step_duration_seconds",
                                             "One denoising step, measured each time.");
  Family<Counter>& steps = Register(*registry, prometheus::BuildCounter(), "stampd_denoise_steps_total",
                                    "Denoising steps of pictures that were delivered, and of those that were not.");
  Family<Gauge>& waiting =
      Register(*registry, prometheus::BuildGauge(), "stampd_queue_requests", "Requests admitted and not yet started.");
  Family<Gauge>& running =
      Register(*registry, prometheus::BuildGauge(), "stampd_running_requests", "Requests started and not yet answered.");
  Family<Counter>& images =
      Register(*registry, prometheus::BuildCounter(), "stampd_images_total", "Pictures made, by file format.");
  Family<Counter>& image_bytes =
      Register(*registry, prometheus::BuildCounter(), "stampd_image_bytes_total", "Size of the pictures made.");
};

Metrics::Series::Series(const HostedModels& models) {
  AddCalls(std::string(kUnknownModel), {Method::kGenerate, Method::kGenerateStream});
  AddCalls("", {Method::kListModels});
  for (const HostedModel& model : models) {
    AddCalls(model.name, {Method::kGenerate, Method::kGenerateStream});
    AddWork(model);
  }
  AddFacts(models);
}

void Metrics::Series::AddCalls(const std::string& model, std::initializer_list<Method> methods) {
  OfModel& of = of_model[model];
  for (const Method method : methods) {
    for (const grpc::StatusCode code : kAnsweredCodes) {
      of.requests[{method, code}] =
          &requests.Add({{"model", model}, {"method", std::string(Name(method))}, {"code", std::string(StatusName(code))}});
    }
  }
  for (const char* outcome : kOutcomes) {
    of.request_seconds[outcome] = &request_seconds.Add({{"model", model}, {"outcome", outcome}}, kRequestSeconds);
  }
}

void Metrics::Series::AddWork(const HostedModel& model) {
  OfModel& of = of_model[model.name];
  const prometheus::Labels labels = {{"model", model.name}};
  of.queue_seconds = &queue_seconds.Add(labels, kStageSeconds);
  for (const Precision precision : model.info().precisions) {
    const std::string name(Name(precision));
    of.step_seconds[precision] = &step_seconds.Add({{"model", model.name}, {"precision", name}}, kStageSeconds);
    of.delivered_steps[precision] = &steps.Add({{"model", model.name}, {"precision", name}, {"use", "delivered"}});
    of.wasted_steps[precision] = &steps.Add({{"model", model.name}, {"precision", name}, {"use", "wasted"}});
  }
  of.waiting = &waiting.Add(labels);
  of.running = &running.Add(labels);
  for (const Stage stage : kStages) {
    of.stage_seconds[stage] = &stage_seconds.Add({{"model", model.name}, {"stage", std::string(Name(stage))}}, kStageSeconds);
  }
  for (const ImageFormat format : kFormats) {
    const prometheus::Labels by_format = {{"model", model.name}, {"format", std::string(Name(format))}};
    of.images[format] = &images.Add(by_format);
    of.image_bytes[format] = &image_bytes.Add(by_format);
  }
}

void Metrics::Series::AddFacts(const HostedModels& models) {
  Register(*registry, prometheus::BuildGauge(), "stampd_build_info", "The program; always 1.")
      .Add({{"version", std::string(Version())}})
      .Set(1);
  Register(*registry, prometheus::BuildGauge(), "stampd_start_timestamp_seconds", "When this process started, Unix time.")
      .Add({})
      .Set(static_cast<double>(std::time(nullptr)));
  auto& model_info = Register(*registry, prometheus::BuildGauge(), "stampd_model_info", "What is loaded; always 1.");
  auto& resident =
      Register(*registry, prometheus::BuildGauge(), "stampd_model_resident_bytes", "Size of a model's weights in memory.");
  for (const HostedModel& model : models) {
    const ModelInfo& info = model.info();
    for (const Precision precision : info.precisions) {
      model_info
          .Add({{"model", model.name},
                {"family", info.family},
                {"digest", info.digest},
                {"device", model.device},
                {"precision", std::string(Name(precision))}})
          .Set(1);
    }
    resident.Add({{"model", model.name}}).Set(static_cast<double>(info.resident_bytes));
  }
}

Metrics::Metrics(const HostedModels& models) : series_(std::make_unique<Series>(models)) {}
Metrics::~Metrics() = default;

void Metrics::Answered(std::string_view model, Method method, grpc::StatusCode code, double seconds) {
  Series::OfModel& of = series_->Of(model);
  const auto counter = of.requests.find({method, code});
  if (counter != of.requests.end()) counter->second->Increment();
  of.request_seconds.find(OutcomeOf(code))->second->Observe(seconds);
}

void Metrics::WaitingChanged(std::string_view model, int difference) { series_->Of(model).waiting->Increment(difference); }
void Metrics::RunningChanged(std::string_view model, int difference) { series_->Of(model).running->Increment(difference); }
void Metrics::LeftQueue(std::string_view model, double seconds) { series_->Of(model).queue_seconds->Observe(seconds); }
void Metrics::StepDone(std::string_view model, Precision precision, double seconds) {
  series_->Of(model).step_seconds.find(precision)->second->Observe(seconds);
}

void Metrics::StageDone(std::string_view model, Stage stage, double seconds) {
  series_->Of(model).stage_seconds.find(stage)->second->Observe(seconds);
}

void Metrics::StepsUsed(std::string_view model, Precision precision, int steps, bool delivered) {
  Series::OfModel& of = series_->Of(model);
  (delivered ? of.delivered_steps : of.wasted_steps).find(precision)->second->Increment(steps);
}

void Metrics::ImageMade(std::string_view model, ImageFormat format, std::size_t bytes) {
  Series::OfModel& of = series_->Of(model);
  of.images.find(format)->second->Increment();
  of.image_bytes.find(format)->second->Increment(static_cast<double>(bytes));
}

std::string Metrics::Text() const { return prometheus::TextSerializer().Serialize(series_->registry->Collect()); }

struct MetricsListener::Exposer {
  explicit Exposer(const std::string& address) : http(address) {}
  prometheus::Exposer http;
};

MetricsListener::MetricsListener(const Metrics& metrics, const Endpoint& endpoint) try
    : endpoint_(endpoint), exposer_(std::make_unique<Exposer>(endpoint.ToString())) {
  endpoint_.port = exposer_->http.GetListeningPorts().front();
  exposer_->http.RegisterCollectable(metrics.series_->registry);
} catch (const std::exception& e) {
  throw std::runtime_error("[metrics] " + endpoint.ToString() + ": can't listen: " + e.what());
}

// The HTTP library looks whether it should end every two seconds, or when somebody connects.
MetricsListener::~MetricsListener() {
  std::atomic<bool> closed = false;
  std::thread closing([&] {
    exposer_.reset();
    closed = true;
  });
  while (!closed) {
    Knock(endpoint_);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  closing.join();
}

}  // namespace stampd::server
