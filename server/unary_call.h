#pragma once

#include <memory>

#include <grpcpp/support/server_callback.h>

#include "server/call.h"

namespace stampd::server {

/// Generate: collects the pictures and answers once. Owns itself; gone when gRPC is done with it.
class UnaryCall final : public grpc::ServerUnaryReactor, public JobListener {
 public:
  UnaryCall(const ServiceParts& parts, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request,
            grpc::ByteBuffer* response);

 private:
  void OnAccepted(int, Eta) override {}
  void OnProgress(int, int, Eta) override {}
  void OnPreview(int, FinishedImage) override {}
  void OnImage(FinishedImage image) override;
  void OnSucceeded(const Order& order, const Report& report) override;
  void OnFailed(std::exception_ptr error) override;

  void OnCancel() override;
  void OnDone() override { delete this; }

  const ServiceParts& parts_;
  Call call_;
  v1::GenerateResponse response_;
  grpc::ByteBuffer* const bytes_;
  std::shared_ptr<Job> job_;  // null if it was not admitted
};

}  // namespace stampd::server
