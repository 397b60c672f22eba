#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "server/hosted_model.h"
#include "server/job.h"
#include "server/limits.h"
#include "server/order.h"
#include "stampd/v1/text_to_image.pb.h"

// Between the wire's types and the engine's; no other file knows both.
namespace stampd::server {

/// What the conversion needs beside the request.
struct OrderContext {
  const HostedModels& models;
  const Limits& limits;
  bool is_stream = false;
  std::string request_id;                    // of the call
  std::function<std::uint64_t()> draw_seed;  // for requests without one
};

/// Throws UnknownModel, BadRequest or BeyondLimit with every wrong field at once (the model's own Pipeline::Check included), or
/// PrecisionNotLoaded.
Order ToOrder(const v1::GenerateRequest& request, const OrderContext& context);

void ToProto(const HostedModels& models, const Limits& limits, v1::ListModelsResponse* response);
void ToProto(FinishedImage image, v1::Image* proto);
void ToProto(const Report& report, const Order& order, v1::GenerateResponse* response);
void ToProto(const Report& report, const Order& order, v1::Done* done);

}  // namespace stampd::server
