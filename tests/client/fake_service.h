#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "stampd/v1/text_to_image.grpc.pb.h"

namespace stampd::client {

/// A TextToImage server in this process that plays a script: the events, then (if that is set) a wait, then the status.
class FakeService final : public v1::TextToImage::Service {
 public:
  FakeService();

  const std::string& address() const { return address_; }
  const v1::GenerateRequest& request() const { return request_; }

  std::vector<v1::GenerateEvent> events;
  std::chrono::milliseconds wait{0};
  grpc::Status status;
  v1::ListModelsResponse models;

  grpc::Status GenerateStream(grpc::ServerContext* context, const v1::GenerateRequest* request,
                              grpc::ServerWriter<v1::GenerateEvent>* writer) override;
  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;

 private:
  v1::GenerateRequest request_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

v1::GenerateEvent AcceptedEvent(int queue_position);
v1::GenerateEvent ProgressEvent(int step, int total);
v1::GenerateEvent PreviewEvent(int step, int index, const std::string& data);
v1::GenerateEvent DoneEvent(double total_seconds);

/// With the right digest.
v1::GenerateEvent ImageEvent(int index, const std::string& data);

/// A refusal as the server makes it, with a google.rpc.Status of these details.
grpc::Status RichStatus(grpc::StatusCode code, const std::string& message,
                        const std::vector<const google::protobuf::Message*>& details);

}  // namespace stampd::client
