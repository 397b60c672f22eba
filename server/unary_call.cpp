#include "server/unary_call.h"

#include <utility>

#include "server/convert.h"

namespace stampd::server {

UnaryCall::UnaryCall(const ServiceParts& parts, grpc::CallbackServerContext* context, const v1::GenerateRequest& request,
                     v1::GenerateResponse* response)
    : parts_(parts), call_(parts, Method::kGenerate, context, request), response_(response) {
  try {
    job_ = call_.Submit(request, *this);
  } catch (...) {
    Finish(call_.Failed(std::current_exception()));
  }
}

void UnaryCall::OnImage(FinishedImage image) { ToProto(std::move(image), response_->add_images()); }

void UnaryCall::OnSucceeded(const Order& order, const Report& report) {
  ToProto(report, order, response_);
  Finish(call_.Succeeded(report));
}

void UnaryCall::OnFailed(std::exception_ptr error) { Finish(call_.Failed(error)); }

void UnaryCall::OnCancel() {
  if (job_) parts_.scheduler.Cancel(job_);
}

}  // namespace stampd::server
