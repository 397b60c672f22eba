#pragma once

#include <CLI/CLI.hpp>

namespace stampd::tools {

/// Each adds one subcommand of stampq, which runs when it has been parsed. Errors are those of engine/base/error.h.

void AddInspect(CLI::App& program);
void AddQuantize(CLI::App& program);
void AddRandom(CLI::App& program);
void AddRun(CLI::App& program);
void AddSqnr(CLI::App& program);

}  // namespace stampd::tools
