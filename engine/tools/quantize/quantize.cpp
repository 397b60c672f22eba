#include "engine/tools/quantize/quantize.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <vector>

#include "engine/base/error.h"
#include "engine/io/checkpoint.h"
#include "engine/io/config.h"
#include "engine/io/safetensors_writer.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/quantization.h"
#include "engine/models/registry.h"
#include "engine/quant/recipe_json.h"
#include "engine/tools/measure/calibrate.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStem = "diffusion_pytorch_model";
constexpr const char* kConfigKey = "quantization_config";

// A tensor on its way into the file, wherever its bytes lie.
struct Output {
  io::TensorSpec spec;
  std::span<const std::byte> bytes;
};

io::DType DTypeOf(const torch::Tensor& tensor) { return tensor.scalar_type() == torch::kUInt8 ? io::DType::kU8 : io::DType::kF32; }

Output OutputOf(std::string linear, std::string_view leaf, const torch::Tensor& tensor) {
  const auto* const data = static_cast<const std::byte*>(tensor.data_ptr());
  return {{.name = std::move(linear.append(leaf)), .dtype = DTypeOf(tensor), .shape = tensor.sizes().vec()},
          {data, tensor.nbytes()}};
}

// Keeps what loading rounds: a quarter of the original's bytes.
class Collector final : public layers::QuantizedWeightSink {
 public:
  void Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) override {
    weights_.emplace(name + ".weight", Prepared{weight, smooth_scales});
  }

  bool Has(const std::string& tensor) const { return weights_.contains(tensor); }

  std::vector<Output> Outputs() const {
    std::vector<Output> outputs;
    for (const auto& [tensor, prepared] : weights_) {
      const std::string name = tensor.substr(0, tensor.size() - std::string_view("weight").size());
      outputs.push_back(OutputOf(name, "weight_codes", prepared.weight.codes));
      outputs.push_back(OutputOf(name, "weight_scales", prepared.weight.scales));
      if (prepared.weight.multipliers.defined())
        outputs.push_back(OutputOf(name, "weight_multipliers", prepared.weight.multipliers));
      if (prepared.smooth_scales.defined()) outputs.push_back(OutputOf(name, "smooth_scales", prepared.smooth_scales));
    }
    return outputs;
  }

  QuantizeReport Report(const io::TensorArchive& archive) const {
    QuantizeReport report;
    for (const auto& [tensor, prepared] : weights_) {
      ++report.linears;
      report.parameters += static_cast<std::uint64_t>(prepared.weight.out() * prepared.weight.in());
      report.original_bytes += archive.Find(tensor)->bytes.size();
      report.quantized_bytes += static_cast<std::uint64_t>(prepared.weight.resident_bytes());
    }
    return report;
  }

 private:
  struct Prepared {
    ops::QuantizedWeight weight;
    torch::Tensor smooth_scales;
  };
  std::map<std::string, Prepared> weights_;
};

void MakeEmptyFolder(const fs::path& folder) {
  fs::create_directories(folder);
  if (!fs::is_empty(folder)) throw Broken("[quantize] " + folder.string() + ": expected an empty folder, found files in it");
}

std::string ReadFile(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// The config as it is, but for the recipe: what we don't know in it stays.
std::string ConfigWith(const quant::Recipe& recipe, const fs::path& file) {
  static const std::regex kNull(R"("quantization_config"\s*:\s*null)");
  std::string text = ReadFile(file);
  const std::string member = "\"quantization_config\": " + quant::ToJson(recipe);
  std::smatch null;
  if (!io::Config::Read(file).Has(kConfigKey)) {
    text.resize(text.find_last_not_of(" \t\r\n", text.find_last_of('}') - 1) + 1);
    text.append(text.back() == '{' ? "" : ",").append("\n  ").append(member).append("\n}\n");
  } else if (std::regex_search(text, null, kNull)) {  // in its place: not every reader takes two members of one name
    text.replace(null.position(), null.length(), member);
  }
  if (!io::Config::Parse(text, file.string()).IsObject(kConfigKey)) {
    throw Broken("[quantize] " + file.string() + ": quantization_config: expected null or none, found something else");
  }
  return text;
}

void WriteWeights(const io::TensorArchive& archive, const Collector& collector, const fs::path& folder) {
  std::vector<Output> outputs = collector.Outputs();
  for (const io::TensorRecord& record : archive.tensors()) {
    if (!collector.Has(record.name))
      outputs.push_back({{.name = record.name, .dtype = record.dtype, .shape = record.shape}, record.bytes});
  }
  std::vector<io::TensorSpec> specs;
  for (const Output& output : outputs) specs.push_back(output.spec);
  io::SafetensorsWriter writer((folder / kStem).concat(".safetensors"), std::move(specs));
  for (std::size_t i = 0; i < outputs.size(); ++i) writer.Write(i, 0, outputs[i].bytes);
  writer.Finish();
}

void CopyOtherParts(const io::Checkpoint& checkpoint, const fs::path& output) {
  for (const io::Component& component : checkpoint.components()) {
    if (component.name != "transformer") fs::copy(component.folder, output / component.name, fs::copy_options::recursive);
  }
  fs::copy_file(checkpoint.folder() / "model_index.json", output / "model_index.json");  // last: without it the folder is none
}

void CheckPrompts(const QuantizeOptions& options, const quant::Recipe& recipe) {
  if (Smooths(recipe) && options.prompts.empty()) {
    throw BadRequest("--prompts",
                     "expected a file of prompts to calibrate on, as the recipe " + recipe.name + " smooths; found none");
  }
  if (!Smooths(recipe) && !options.prompts.empty()) {
    throw BadRequest("--prompts", "expected none: the recipe " + recipe.name + " does not smooth and needs no calibration; found " +
                                      std::to_string(options.prompts.size()) + " prompts");
  }
}

layers::ActivationMaxima Calibrate(const io::Checkpoint& checkpoint, const QuantizeOptions& options) {
  if (options.prompts.empty()) return {};
  return MeasureMaxima(checkpoint, torch::kFloat32, options.request, options.prompts, options.progress);
}

}  // namespace

QuantizeReport Quantize(const QuantizeOptions& options, const quant::Recipe& recipe) {
  CheckPrompts(options, recipe);
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.folder, options.components);
  const io::Component& transformer = checkpoint.Get("transformer");
  if (io::Config::Read(transformer.folder / "config.json").IsObject(kConfigKey)) {
    throw Broken("[quantize] " + transformer.folder.string() + ": expected a transformer that is not quantized, found one that is");
  }
  const std::string config = ConfigWith(recipe, transformer.folder / "config.json");
  MakeEmptyFolder(options.output);
  const layers::ActivationMaxima maxima = Calibrate(checkpoint, options);
  Collector collector;
  const layers::Quantization quantization{.recipe = &recipe, .maxima = &maxima, .sink = &collector};
  models::LoadDenoiser(transformer, torch::kBFloat16, torch::kCPU, &quantization);

  const fs::path folder = options.transformer_only ? options.output : options.output / "transformer";
  fs::create_directories(folder);
  const auto archive = io::TensorArchive::Open(transformer.folder, kStem);
  WriteWeights(*archive, collector, folder);
  WriteFile(folder / "config.json", config);
  if (!options.transformer_only) CopyOtherParts(checkpoint, options.output);
  return collector.Report(*archive);
}

}  // namespace stampd::tools
