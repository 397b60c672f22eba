#pragma once

#include "server/call.h"
#include "stampd/v1/text_to_image.grpc.pb.h"

namespace stampd::server {

/// The contract's service on gRPC's callback API: each method starts a call and returns at once.
class Service final : public v1::TextToImage::CallbackService {
 public:
  explicit Service(ServiceParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context, const v1::GenerateRequest* request,
                                     v1::GenerateResponse* response) override;
  grpc::ServerWriteReactor<v1::GenerateEvent>* GenerateStream(grpc::CallbackServerContext* context,
                                                              const v1::GenerateRequest* request) override;
  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context, const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;

 private:
  const ServiceParts parts_;
};

}  // namespace stampd::server
