#pragma once

#include <array>
#include <string_view>

#include <grpcpp/support/status_code_enum.h>

namespace stampd::server {

/// Every code that this server answers with.
inline constexpr std::array kAnsweredCodes = {
    grpc::OK,        grpc::CANCELLED,           grpc::INVALID_ARGUMENT,   grpc::DEADLINE_EXCEEDED,
    grpc::NOT_FOUND, grpc::FAILED_PRECONDITION, grpc::RESOURCE_EXHAUSTED, grpc::OUT_OF_RANGE,
    grpc::INTERNAL,  grpc::UNAVAILABLE};

/// As gRPC's specification spells it: "INVALID_ARGUMENT". Empty for a code that is not among kAnsweredCodes.
std::string_view StatusName(grpc::StatusCode code);

}  // namespace stampd::server
