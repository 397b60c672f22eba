#pragma once

#include <CLI/CLI.hpp>

namespace stampd::tools {

/// `stampq run DIR "prompt" -o out.png`: a picture without a server.
void AddRun(CLI::App& program);

}  // namespace stampd::tools
