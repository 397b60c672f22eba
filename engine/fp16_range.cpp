#include "engine/fp16_range.h"

#include <algorithm>
#include <string>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"

namespace stampd {
namespace {

constexpr std::int64_t kLargestTrainedInFp16 = 32;  // latents on a side: 1024 px

// Empty if there is none.
std::string SignOfBf16(const io::Component& transformer) {
  const io::Config config = io::Config::Read(transformer.folder / "config.json");
  if (config.OptionalString("qk_norm")) return "qk_norm";
  const std::int64_t sample_size = config.Int("sample_size", kLargestTrainedInFp16);
  if (config.OptionalDouble("interpolation_scale") && sample_size > kLargestTrainedInFp16) return "interpolation_scale";
  const auto weights = io::TensorArchive::Open(transformer.folder, "diffusion_pytorch_model");
  const bool stored = std::ranges::any_of(weights->tensors(), [](const auto& tensor) { return tensor.dtype == io::DType::kBF16; });
  return stored ? "weights in bf16" : "";
}

}  // namespace

void CheckFp16Range(const io::Component& transformer) {
  if (transformer.class_name != "SanaTransformer2DModel") return;
  if (const std::string sign = SignOfBf16(transformer); !sign.empty()) {
    throw BadRequest("precision", "expected bf16 or fp32 for a transformer trained in bf16 (it has " + sign +
                                      "), found fp16, which its activations overflow; fp16=force loads it nevertheless");
  }
}

}  // namespace stampd
