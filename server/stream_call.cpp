#include "server/stream_call.h"

#include <utility>

#include <google/protobuf/util/time_util.h>

#include "server/convert.h"
#include "server/wire.h"

namespace stampd::server {
namespace {

template <typename Message>
void WriteEta(JobListener::Eta eta, Message* message) {
  if (!eta) return;
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(*eta).count();
  *message->mutable_eta() = google::protobuf::util::TimeUtil::NanosecondsToDuration(nanoseconds);
}

}  // namespace

StreamCall::StreamCall(const ServiceParts& parts, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request)
    : parts_(parts), call_(parts, Method::kGenerateStream, context, request) {
  try {
    job_ = call_.Submit(*this);
  } catch (...) {
    End(call_.Failed(std::current_exception()));
  }
}

void StreamCall::OnAccepted(int ahead, Eta eta) {
  v1::GenerateEvent event;
  event.mutable_accepted()->set_request_id(call_.request_id());
  event.mutable_accepted()->set_queue_position(ahead);
  WriteEta(eta, event.mutable_accepted());
  Send(std::move(event));
}

void StreamCall::OnProgress(int step, int total, Eta eta) {
  v1::GenerateEvent event;
  event.mutable_progress()->set_step(step);
  event.mutable_progress()->set_total(total);
  WriteEta(eta, event.mutable_progress());
  Send(std::move(event));
}

void StreamCall::OnPreview(int step, FinishedImage image) {
  v1::GenerateEvent event;
  event.mutable_preview()->set_step(step);
  ToProto(std::move(image), event.mutable_preview()->mutable_image());
  Send(std::move(event));
}

void StreamCall::OnImage(FinishedImage image) {
  v1::GenerateEvent event;
  ToProto(std::move(image), event.mutable_image());
  Send(std::move(event));
}

void StreamCall::OnSucceeded(const Order& order, const Report& report) {
  v1::GenerateEvent event;
  ToProto(report, order, event.mutable_done());
  End(call_.Succeeded(report), std::move(event));
}

void StreamCall::OnFailed(std::exception_ptr error) { End(call_.Failed(error)); }

void StreamCall::Send(v1::GenerateEvent event) {
  std::unique_lock lock(mutex_);
  if (broken_) return;
  events_.Push(std::move(event));
  Continue(std::move(lock));
}

void StreamCall::End(grpc::Status status, std::optional<v1::GenerateEvent> last) {
  std::unique_lock lock(mutex_);
  if (last) events_.Push(std::move(*last));
  end_ = std::move(status);
  Continue(std::move(lock));
}

void StreamCall::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  writing_ = false;
  if (!ok) broken_ = true;
  Continue(std::move(lock));
}

// Starts the next write, or the end once there is nothing left to write. gRPC is called without the lock, because it may delete
// this call at once.
void StreamCall::Continue(std::unique_lock<std::mutex> lock) {
  if (writing_ || finished_) return;
  std::optional<v1::GenerateEvent> next = broken_ ? std::nullopt : events_.Pop();
  if (next) {
    in_flight_ = ToBytes(*next);
    writing_ = true;
    lock.unlock();
    StartWrite(&in_flight_);
  } else if (end_) {
    finished_ = true;
    const grpc::Status status = *end_;
    lock.unlock();
    Finish(status);
  }
}

void StreamCall::OnCancel() {
  if (job_) parts_.scheduler.Cancel(job_);
}

}  // namespace stampd::server
