#pragma once

#include <filesystem>

#include "client/connection.h"
#include "client/console.h"
#include "client/exit_code.h"
#include "client/request.h"

namespace stampd::client {

struct GenerateOptions {
  Wish wish;
  std::filesystem::path output;  // "-": standard output
  bool quiet = false;
  bool json = false;
};

/// `stamp generate`: paints over GenerateStream and writes the files. Throws UsageError before anything is sent; all that fails
/// later is reported on `console.err`.
ExitCode Generate(const GenerateOptions& options, const ServerOptions& server, const Console& console);

}  // namespace stampd::client
