#pragma once

#include <functional>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "google/rpc/status.pb.h"
#include "server/server.h"
#include "stampd/v1/text_to_image.grpc.pb.h"
#include "tests/server/fake_pipeline.h"

namespace stampd::server {

/// A real server on the loopback, with a model "fake" (and "second") that needs no network, and a client of it.
class ServerTest : public testing::Test {
 protected:
  using Milliseconds = std::chrono::milliseconds;
  struct Answer {
    grpc::Status status;
    v1::GenerateResponse response;
    std::multimap<std::string, std::string> trailers;
  };
  struct Stream {
    grpc::Status status;
    std::vector<v1::GenerateEvent> events;
  };

  ServerTest();
  ~ServerTest() override;

  /// Change `config_` and `fake_` before the first use; this starts the server.
  Server& server();
  v1::TextToImage::Stub& stub();
  std::shared_ptr<grpc::Channel> channel();
  void StopServer() { server_.reset(); }

  Answer Generate(const v1::GenerateRequest& request, const std::function<void(grpc::ClientContext&)>& prepare = nullptr);
  std::future<Answer> GenerateLater(const v1::GenerateRequest& request);
  Stream GenerateStream(const v1::GenerateRequest& request);
  std::string Scrape();

  /// True if `condition` holds within ten seconds.
  static bool Eventually(const std::function<bool()>& condition);
  /// The exposition line that begins with `series`, its value; -1 if there is none.
  double Metric(const std::string& series);

  Config config_;
  std::shared_ptr<FakePipeline> fake_ = std::make_shared<FakePipeline>();
  std::stringstream log_text_;

 private:
  Log log_{LogFormat::kText, log_text_};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TextToImage::Stub> stub_;
};

/// The google.rpc.Status in a status' details.
google::rpc::Status DetailsOf(const grpc::Status& status);

/// The detail of type T; a default one and a test failure if there is none.
template <typename T>
T DetailOf(const grpc::Status& status) {
  T detail;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no " << T::descriptor()->full_name() << " in " << status.error_message();
  return detail;
}

v1::GenerateRequest RequestFor(const std::string& prompt, int steps = 4);

/// GET /metrics of 127.0.0.1:port.
std::string HttpGetMetrics(int port);

}  // namespace stampd::server
