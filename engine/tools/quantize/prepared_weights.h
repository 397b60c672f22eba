#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "engine/io/safetensors_writer.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/quantization.h"

namespace stampd::tools {

/// Of one component.
struct QuantizeReport {
  int linears = 0;                    // that were quantized, by the checkpoint's names
  std::uint64_t parameters = 0;       // of them
  std::uint64_t original_bytes = 0;   // of their weights in the checkpoint
  std::uint64_t quantized_bytes = 0;  // codes, scales and multipliers
};

/// A component's quantized weights on their way into a file of the form that image_linear.h describes. A safetensors file begins
/// with a list of all its tensors: until that is known they lie in a scratch file, so that memory never holds more than one.
class PreparedWeights final : public layers::QuantizedWeightSink {
 public:
  /// `scratch` is made, and removed in the end. Broken, with the path, if the disk refuses.
  explicit PreparedWeights(std::filesystem::path scratch);
  ~PreparedWeights() override;
  PreparedWeights(const PreparedWeights&) = delete;
  PreparedWeights& operator=(const PreparedWeights&) = delete;

  void Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) override;

  /// Writes `file`: the tensors of `archive` byte for byte, but for those weights that were quantized, in their new form.
  QuantizeReport Finish(const io::TensorArchive& archive, const std::filesystem::path& file);

 private:
  void Append(const std::string& name, const torch::Tensor& tensor);

  std::filesystem::path path_;
  std::ofstream scratch_;
  std::vector<io::TensorSpec> written_;  // one after the other
  std::set<std::string, std::less<>> replaced_;
  QuantizeReport report_;
};

}  // namespace stampd::tools
