#include "tests/integration/fidelity/paint.h"

#include <stdexcept>
#include <utility>

#include "client/report_error.h"

namespace stampd::fidelity {

std::string Paint(const client::Wish& wish, const client::ServerOptions& server) {
  const v1::GenerateRequest request = client::MakeRequest(wish);
  v1::GenerateResponse response;
  const client::Outcome outcome =
      client::Run(server, [&](auto& stub, auto& context) { return stub.Generate(&context, request, &response); });
  if (!outcome.status.ok()) throw std::runtime_error("no picture\n" + client::DescribeError(outcome, server.address));
  if (response.images_size() != 1)
    throw std::runtime_error("expected one picture, found " + std::to_string(response.images_size()));
  return std::move(*response.mutable_images(0)->mutable_data());
}

}  // namespace stampd::fidelity
