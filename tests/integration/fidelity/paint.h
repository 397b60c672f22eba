#pragma once

#include <string>

#include "client/connection.h"
#include "client/request.h"

namespace stampd::fidelity {

/// Lets a server paint one picture: a PNG file. Throws std::runtime_error with what the server said.
std::string Paint(const client::Wish& wish, const client::ServerOptions& server);

}  // namespace stampd::fidelity
