#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/support/server_callback.h>

#include "server/call.h"
#include "server/event_queue.h"

namespace stampd::server {

/// GenerateStream: sends events as they come, one write at a time. Owns itself; gone when gRPC is done with it.
class StreamCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public JobListener {
 public:
  StreamCall(const ServiceParts& parts, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request);

 private:
  void OnAccepted(int ahead, Eta eta) override;
  void OnProgress(int step, int total, Eta eta) override;
  void OnPreview(int step, FinishedImage image) override;
  void OnImage(FinishedImage image) override;
  void OnSucceeded(const Order& order, const Report& report) override;
  void OnFailed(std::exception_ptr error) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

  void Send(v1::GenerateEvent event);
  void End(grpc::Status status, std::optional<v1::GenerateEvent> last = std::nullopt);
  void Continue(std::unique_lock<std::mutex> lock);

  const ServiceParts& parts_;
  Call call_;
  std::shared_ptr<Job> job_;  // null if it was not admitted

  std::mutex mutex_;
  EventQueue events_;
  grpc::ByteBuffer in_flight_;  // the one that gRPC is writing
  bool writing_ = false;
  bool broken_ = false;  // a write failed; the reader is gone
  bool finished_ = false;
  std::optional<grpc::Status> end_;  // set: finish once everything is sent
};

}  // namespace stampd::server
