#pragma once

#include "server/call.h"
#include "stampd/v1/text_to_image.grpc.pb.h"

namespace stampd::server {

/// Requests come as bytes (server/wire.h says why).
using CallbackService = v1::TextToImage::WithRawCallbackMethod_Generate<v1::TextToImage::WithRawCallbackMethod_GenerateStream<
    v1::TextToImage::WithCallbackMethod_ListModels<v1::TextToImage::Service>>>;

/// The contract's service on gRPC's callback API: each method starts a call and returns at once.
class Service final : public CallbackService {
 public:
  explicit Service(ServiceParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* GenerateStream(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context, const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;

 private:
  const ServiceParts parts_;
};

}  // namespace stampd::server
