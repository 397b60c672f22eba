#include "server/service.h"

#include "server/convert.h"
#include "server/stream_call.h"
#include "server/unary_call.h"

namespace stampd::server {

// Calls delete themselves when gRPC is done with them.
grpc::ServerUnaryReactor* Service::Generate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) {
  return new UnaryCall(parts_, context, *request, response);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Service::GenerateStream(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request) {
  return new StreamCall(parts_, context, *request);
}

grpc::ServerUnaryReactor* Service::ListModels(grpc::CallbackServerContext* context, const v1::ListModelsRequest*,
                                              v1::ListModelsResponse* response) {
  const Time came = parts_.clock.Now();
  ToProto(parts_.models, parts_.limits, response);
  parts_.metrics.Answered("", Method::kListModels, grpc::OK, Seconds(parts_.clock.Now() - came));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace stampd::server
