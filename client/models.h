#pragma once

#include <string>

#include "client/connection.h"
#include "client/console.h"
#include "client/exit_code.h"

namespace stampd::client {

/// `stamp models`: what the server has, as a table or as protobuf's JSON of ListModelsResponse.
ExitCode Models(bool json, const ServerOptions& server, const Console& console);

/// A head line, then one line a model; columns are aligned and parted by two blanks. An asterisk marks the default.
std::string RenderModels(const v1::ListModelsResponse& models);

}  // namespace stampd::client
