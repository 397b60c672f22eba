#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "stampd/v1/text_to_image.pb.h"

// Bytes to messages and back. gRPC would do it, too, but it answers UNIMPLEMENTED to a request that does not parse, such as one
// whose prompt is not UTF-8.
namespace stampd::server {

/// Throws BadRequest if the bytes are no GenerateRequest.
v1::GenerateRequest ParseRequest(grpc::ByteBuffer bytes);

/// Throws Broken if the message is larger than Protobuf can write (2 GiB).
grpc::ByteBuffer ToBytes(const v1::GenerateResponse& response);
grpc::ByteBuffer ToBytes(const v1::GenerateEvent& event);

}  // namespace stampd::server
