#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/support/status_code_enum.h>

#include "server/endpoint.h"
#include "server/hosted_model.h"
#include "server/order.h"

namespace stampd::server {

enum class Method { kGenerate, kGenerateStream, kListModels };
std::string_view Name(Method method);

enum class Stage { kTextEncode, kDenoise, kDecode, kImageEncode };

/// What this server counts and measures. Every series exists from the start, so that a rate's first increment is seen; a model that
/// is not hosted is counted under `unknown`, so that callers can't make series. All verbs: any thread, no waiting on I/O.
class Metrics {
 public:
  explicit Metrics(const HostedModels& models);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A call was answered, `seconds` after it came. `model` is empty for calls about no model.
  void Answered(std::string_view model, Method method, grpc::StatusCode code, double seconds);

  void WaitingChanged(std::string_view model, int difference);
  void RunningChanged(std::string_view model, int difference);
  void LeftQueue(std::string_view model, double seconds);
  void StageDone(std::string_view model, Stage stage, double seconds);
  void StepDone(std::string_view model, Precision precision, double seconds);
  /// Steps of all pictures of a request, at its end: did they become pictures?
  void StepsUsed(std::string_view model, Precision precision, int steps, bool delivered);
  void ImageMade(std::string_view model, ImageFormat format, std::size_t bytes);

  /// What a scrape would answer now, in Prometheus' text format.
  std::string Text() const;

 private:
  friend class MetricsListener;
  struct Series;
  std::unique_ptr<Series> series_;
};

/// Serves GET /metrics over HTTP for as long as it lives.
class MetricsListener {
 public:
  /// Throws std::runtime_error if the address can't be bound.
  MetricsListener(const Metrics& metrics, const Endpoint& endpoint);
  ~MetricsListener();

  /// Where it listens, with the port that was picked.
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Exposer;
  Endpoint endpoint_;
  std::unique_ptr<Exposer> exposer_;
};

}  // namespace stampd::server
