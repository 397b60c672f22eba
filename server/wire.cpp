#include "server/wire.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "engine/base/error.h"

namespace stampd::server {
namespace {

template <typename Message>
grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  const grpc::Status status = grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  if (!status.ok()) throw Broken("[wire] " + std::to_string(message.ByteSizeLong()) + " bytes do not fit into one message");
  return bytes;
}

}  // namespace

v1::GenerateRequest ParseRequest(grpc::ByteBuffer bytes) {
  v1::GenerateRequest request;
  if (grpc::SerializationTraits<v1::GenerateRequest>::Deserialize(&bytes, &request).ok()) return request;
  throw BadRequest("request", "is no stampd.v1.GenerateRequest: it is cut off or malformed, or a text in it is not UTF-8");
}

grpc::ByteBuffer ToBytes(const v1::GenerateResponse& response) { return Serialize(response); }
grpc::ByteBuffer ToBytes(const v1::GenerateEvent& event) { return Serialize(event); }

}  // namespace stampd::server
