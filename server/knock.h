#pragma once

#include "server/endpoint.h"

namespace stampd::server {

/// Connects and hangs up, to wake who listens there. That it fails is no error.
void Knock(const Endpoint& endpoint);

}  // namespace stampd::server
