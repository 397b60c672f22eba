#include "engine/tools/quantize/prepared_weights.h"

#include <span>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/mapped_file.h"

namespace stampd::tools {
namespace {

io::DType DTypeOf(const torch::Tensor& tensor) { return tensor.scalar_type() == torch::kUInt8 ? io::DType::kU8 : io::DType::kF32; }

}  // namespace

PreparedWeights::PreparedWeights(std::filesystem::path scratch) : path_(std::move(scratch)), scratch_(path_, std::ios::binary) {
  if (!scratch_) throw Broken("[quantize] can't write " + path_.string());
}

PreparedWeights::~PreparedWeights() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void PreparedWeights::Append(const std::string& name, const torch::Tensor& tensor) {
  if (!tensor.defined()) return;
  scratch_.write(static_cast<const char*>(tensor.const_data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  if (!scratch_) throw Broken("[quantize] can't write " + path_.string());
  written_.push_back({.name = name, .dtype = DTypeOf(tensor), .shape = tensor.sizes().vec()});
}

void PreparedWeights::Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) {
  Append(name + ".weight_codes", weight.codes);
  Append(name + ".weight_scales", weight.scales);
  Append(name + ".weight_multipliers", weight.multipliers);
  Append(name + ".smooth_scales", smooth_scales);
  replaced_.insert(name + ".weight");
  ++report_.linears;
  report_.parameters += static_cast<std::uint64_t>(weight.out() * weight.in());
  report_.quantized_bytes += static_cast<std::uint64_t>(weight.resident_bytes());
}

QuantizeReport PreparedWeights::Finish(const io::TensorArchive& archive, const std::filesystem::path& file) {
  scratch_.close();
  if (!scratch_) throw Broken("[quantize] can't write " + path_.string());
  const io::MappedFile scratch(path_);
  std::vector<std::span<const std::byte>> bytes;
  std::size_t offset = 0;
  for (const io::TensorSpec& spec : written_) {
    bytes.push_back(scratch.bytes().subspan(offset, io::ByteCount(spec)));
    offset += io::ByteCount(spec);
  }
  std::vector<io::TensorSpec> specs = written_;
  for (const io::TensorRecord& record : archive.tensors()) {
    if (replaced_.contains(record.name)) {
      report_.original_bytes += record.bytes.size();
      continue;
    }
    specs.push_back({.name = record.name, .dtype = record.dtype, .shape = record.shape});
    bytes.push_back(record.bytes);
  }
  io::SafetensorsWriter writer(file, std::move(specs));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    writer.Write(i, 0, bytes[i]);
    if (i < written_.size()) scratch.Drop(bytes[i]);
  }
  writer.Finish();
  return report_;
}

}  // namespace stampd::tools
