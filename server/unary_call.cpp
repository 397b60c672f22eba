#include "server/unary_call.h"

#include <utility>

#include "server/convert.h"
#include "server/wire.h"

namespace stampd::server {

UnaryCall::UnaryCall(const ServiceParts& parts, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request,
                     grpc::ByteBuffer* response)
    : parts_(parts), call_(parts, Method::kGenerate, context, request), bytes_(response) {
  try {
    job_ = call_.Submit(*this);
  } catch (...) {
    Finish(call_.Failed(std::current_exception()));
  }
}

void UnaryCall::OnImage(FinishedImage image) { ToProto(std::move(image), response_.add_images()); }

void UnaryCall::OnSucceeded(const Order& order, const Report& report) {
  try {
    ToProto(report, order, &response_);
    *bytes_ = ToBytes(response_);
  } catch (...) {
    return OnFailed(std::current_exception());
  }
  Finish(call_.Succeeded(report));
}

void UnaryCall::OnFailed(std::exception_ptr error) { Finish(call_.Failed(error)); }

void UnaryCall::OnCancel() {
  if (job_) parts_.scheduler.Cancel(job_);
}

}  // namespace stampd::server
