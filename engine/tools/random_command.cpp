#include <iostream>
#include <map>
#include <memory>

#include "engine/tools/commands.h"
#include "engine/tools/random/presets.h"
#include "engine/tools/random/write_checkpoint.h"
#include "engine/tools/table.h"

namespace stampd::tools {
namespace {

struct RandomFlags {
  std::string preset;
  std::string output;
  TextEncoderSize text_encoder = TextEncoderSize::kSmall;
  WriteOptions write;
};

void Run(const RandomFlags& flags) {
  const CheckpointPlan plan = PlanPreset(flags.preset, flags.text_encoder, flags.write.dtype);
  WriteCheckpoint(plan, flags.output, flags.write);
  Table table({{"component"}, {"class"}, {"parameters", Table::kRight}});
  for (const ComponentPlan& component : plan.components) {
    table.Add({component.name, component.class_name, Grouped(ParameterCount(component))});
  }
  std::cout << table.Text();
}

}  // namespace

void AddRandom(CLI::App& program) {
  static const std::map<std::string, io::DType> kDTypes = {
      {"fp32", io::DType::kF32}, {"bf16", io::DType::kBF16}, {"fp16", io::DType::kF16}};
  static const std::map<std::string, TextEncoderSize> kSizes = {{"small", TextEncoderSize::kSmall},
                                                                {"full", TextEncoderSize::kFull}};
  CLI::App* command = program.add_subcommand("random", "Write a checkpoint of real shape with random weights");
  const auto flags = std::make_shared<RandomFlags>();
  command->add_option("--preset", flags->preset, "Shape of the model")->required()->check(CLI::IsMember(PresetNames()));
  command->add_option("-o,--output", flags->output, "Folder to write: new, or empty")->required();
  command->add_option("--seed", flags->write.seed, "Same seed, same bytes")->capture_default_str();
  command->add_option("--dtype", flags->write.dtype, "fp32 (default), bf16 or fp16: what the weights are stored in")
      ->transform(CLI::CheckedTransformer(kDTypes));
  command
      ->add_option("--text-encoder", flags->text_encoder,
                   "small (default) or full: T5-XXL, 4.8 billion parameters, or Gemma 2, 2.6")
      ->transform(CLI::CheckedTransformer(kSizes));
  command->add_option("--max-shard-bytes", flags->write.max_shard_bytes, "Larger components become shards and an index")
      ->capture_default_str();
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
