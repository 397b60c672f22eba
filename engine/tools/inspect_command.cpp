#include <iostream>
#include <memory>

#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/inspect.h"

namespace stampd::tools {
namespace {

struct InspectFlags {
  std::string folder;
  std::vector<std::string> overrides;
  bool json = false;
  bool tensors = false;
};

void Run(const InspectFlags& flags) {
  const CheckpointReport report = Inspect(flags.folder, ParseComponents(flags.overrides));
  std::cout << (flags.json ? JsonText(report, flags.tensors) : TableText(report, flags.tensors));
}

}  // namespace

void AddInspect(CLI::App& program) {
  CLI::App* command = program.add_subcommand("inspect", "Show what a checkpoint consists of, and its digests");
  const auto flags = std::make_shared<InspectFlags>();
  command->add_option("DIR", flags->folder, "diffusers pipeline folder")->required();
  command->add_option("--component", flags->overrides, "NAME=DIR: take this component from another folder (repeatable)")
      ->allow_extra_args(false);
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_flag("--tensors", flags->tensors, "List every tensor");
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
