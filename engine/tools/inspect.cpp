#include "engine/tools/inspect.h"

#include <algorithm>

#include "engine/io/config.h"

namespace stampd::tools {
namespace {

std::vector<io::FileDigest> FilesOf(const io::Component& component, const std::vector<io::FileDigest>& all) {
  std::vector<io::FileDigest> files;
  const std::string start = component.name + "/";
  std::copy_if(all.begin(), all.end(), std::back_inserter(files),
               [&](const io::FileDigest& file) { return file.name.starts_with(start); });
  return files;
}

bool HasWeights(const std::vector<io::FileDigest>& files) {
  return std::any_of(files.begin(), files.end(), [](const io::FileDigest& file) { return file.name.ends_with(".safetensors"); });
}

std::string RecipeOf(const io::Component& component) {
  const io::Config config = io::Config::Read(component.folder / "config.json").Object("quantization_config");
  return config.String("name", config.String("quant_method", ""));
}

ComponentReport InspectComponent(const io::Component& component, std::vector<io::FileDigest> files) {
  ComponentReport report;
  report.component = component;
  report.files = std::move(files);
  if (!HasWeights(report.files)) return report;
  report.weights =
      io::TensorArchive::Open(component.folder, component.library == "transformers" ? "model" : "diffusion_pytorch_model");
  report.recipe = RecipeOf(component);
  for (const io::TensorRecord& tensor : report.weights->tensors()) {
    report.dtypes.emplace(io::Name(tensor.dtype));
    report.parameters += tensor.bytes.size() / io::BytesPerElement(tensor.dtype);
    report.weight_bytes += tensor.bytes.size();
  }
  return report;
}

}  // namespace

CheckpointReport Inspect(const std::filesystem::path& folder, const std::map<std::string, std::filesystem::path>& overrides) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(folder, overrides);
  const std::vector<io::FileDigest> files = io::FileDigests(checkpoint);
  CheckpointReport report{folder, checkpoint.pipeline_class(), io::ModelDigest(files), {}};
  for (const io::Component& component : checkpoint.components()) {
    report.components.push_back(InspectComponent(component, FilesOf(component, files)));
  }
  return report;
}

}  // namespace stampd::tools
