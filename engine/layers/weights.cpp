#include "engine/layers/weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <sstream>

#include "engine/base/error.h"
#include "engine/layers/quantization.h"

namespace stampd::layers {
namespace {

torch::ScalarType ScalarTypeOf(const io::TensorRecord& record) {
  switch (record.dtype) {
    case io::DType::kF64:
      return torch::kFloat64;
    case io::DType::kF32:
      return torch::kFloat32;
    case io::DType::kF16:
      return torch::kFloat16;
    case io::DType::kBF16:
      return torch::kBFloat16;
    case io::DType::kI64:
      return torch::kInt64;
    case io::DType::kI32:
      return torch::kInt32;
    case io::DType::kI16:
      return torch::kInt16;
    case io::DType::kI8:
      return torch::kInt8;
    case io::DType::kU8:
      return torch::kUInt8;
    case io::DType::kBool:
      return torch::kBool;
    case io::DType::kF8E4M3:
      return torch::kFloat8_e4m3fn;
    case io::DType::kF8E5M2:
      return torch::kFloat8_e5m2;
  }
  throw Broken("[weights] " + record.file.string() + ": " + record.name + ": unknown dtype");
}

bool IsWeightType(io::DType dtype) {
  return dtype == io::DType::kF64 || dtype == io::DType::kF32 || dtype == io::DType::kF16 || dtype == io::DType::kBF16;
}

std::string Show(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

[[noreturn]] void Fail(const io::TensorRecord& record, const std::string& what) {
  throw Broken("[weights] " + record.file.string() + ": " + record.name + ": " + what);
}

// The extremes tell whether all is finite: NaN and infinity both show in them. One pass, and no copy of a large tensor.
void CheckFinite(const io::TensorRecord& record, const torch::Tensor& tensor) {
  if (tensor.numel() == 0) return;
  const auto [low, high] = at::aminmax(tensor);
  if (std::isfinite(low.item<double>()) && std::isfinite(high.item<double>())) return;
  const std::int64_t bad = tensor.numel() - torch::isfinite(tensor).sum().item<std::int64_t>();
  Fail(record, "expected numbers that are finite in " + std::string(c10::toString(tensor.scalar_type())) +
                   ", found NaN or infinity in " + std::to_string(bad) + " of " + std::to_string(tensor.numel()));
}

bool IsAligned(const io::TensorRecord& record) {
  return reinterpret_cast<std::uintptr_t>(record.bytes.data()) % io::BytesPerElement(record.dtype) == 0;
}

torch::Tensor AlignedCopy(const io::TensorRecord& record) {
  torch::Tensor copy = torch::empty(record.shape, torch::TensorOptions().dtype(ScalarTypeOf(record)));
  std::memcpy(copy.data_ptr(), record.bytes.data(), record.bytes.size());
  return copy;
}

}  // namespace

torch::Tensor AsTensor(const io::TensorRecord& record, std::shared_ptr<const io::TensorArchive> archive) {
  if (!IsAligned(record)) return AlignedCopy(record);
  // from_blob wants a mutable pointer; the mapping is read-only, so a write would fault rather than corrupt.
  void* data = const_cast<std::byte*>(record.bytes.data());
  return torch::from_blob(
      data, record.shape, [archive = std::move(archive)](void*) {}, torch::TensorOptions().dtype(ScalarTypeOf(record)));
}

Weights::Weights(std::shared_ptr<const io::TensorArchive> archive, torch::ScalarType dtype, torch::Device device,
                 const Quantization* quantization)
    : archive_(std::move(archive)), dtype_(dtype), device_(device), quantization_(quantization) {}

bool Weights::Has(const std::string& name) const { return archive_->Find(name) != nullptr; }

const io::TensorRecord& Weights::Find(const std::string& name, const std::string& expected) const {
  if (const io::TensorRecord* record = archive_->Find(name)) return *record;
  throw Broken("[weights] " + archive_->files().front().string() + ": " + name + ": expected " + expected + ", found none");
}

at::IntArrayRef Weights::Shape(const std::string& name) const { return Find(name, "a tensor").shape; }

torch::ScalarType Weights::StoredDtype(const std::string& name) const { return ScalarTypeOf(Find(name, "a tensor")); }

const io::TensorRecord& Weights::FindShaped(const std::string& name, at::IntArrayRef shape) const {
  const io::TensorRecord& record = Find(name, "a tensor of shape " + Show(shape));
  if (at::IntArrayRef(record.shape) != shape) Fail(record, "expected shape " + Show(shape) + ", found " + Show(record.shape));
  return record;
}

torch::Tensor Weights::Take(const std::string& name, at::IntArrayRef shape, torch::ScalarType dtype, at::MemoryFormat format) {
  const io::TensorRecord& record = FindShaped(name, shape);
  if (!IsWeightType(record.dtype)) {
    Fail(record, "expected F32, F16, BF16 or F64, found " + std::string(io::Name(record.dtype)));
  }

  const torch::Tensor stored = AsTensor(record, archive_);
  torch::Tensor tensor = stored.to(device_, dtype).contiguous(format);
  CheckFinite(record, tensor);
  if (!tensor.is_same(stored)) archive_->Release(record);
  taken_.insert(name);
  parameters_ += tensor.numel();
  resident_bytes_ += static_cast<std::int64_t>(tensor.nbytes());
  return tensor;
}

torch::Tensor Weights::TakeMatrix(const std::string& name, std::int64_t out, std::int64_t in, torch::ScalarType dtype) {
  const bool is_convolution = Has(name) && Shape(name).size() == 4;
  return is_convolution ? Take(name, {out, in, 1, 1}, dtype).flatten(1) : Take(name, {out, in}, dtype);
}

torch::Tensor Weights::TakeBytes(const std::string& name, at::IntArrayRef shape) {
  const io::TensorRecord& record = FindShaped(name, shape);
  if (record.dtype != io::DType::kU8) Fail(record, "expected U8, found " + std::string(io::Name(record.dtype)));
  torch::Tensor tensor = AsTensor(record, archive_);
  taken_.insert(name);
  resident_bytes_ += static_cast<std::int64_t>(tensor.nbytes());
  return tensor;
}

void Weights::Release(const std::string& name) {
  if (const io::TensorRecord* record = archive_->Find(name)) archive_->Release(*record);
}

void Weights::Ignore(std::string_view prefix) { ignored_.emplace_back(prefix); }

void Weights::CheckAllTaken() const {
  std::string unexpected;
  for (const io::TensorRecord& record : archive_->tensors()) {
    const bool known = taken_.contains(record.name) ||
                       std::ranges::any_of(ignored_, [&](const std::string& prefix) { return record.name.starts_with(prefix); });
    if (!known) unexpected += "\n  " + record.file.string() + ": " + record.name + " " + Show(record.shape);
  }
  if (!unexpected.empty()) throw Broken("[weights] found tensors that this network does not have:" + unexpected);
  if (quantization_ != nullptr && quantization_->recipe != nullptr) quantization_->recipe->CheckLayers(image_linears());
}

}  // namespace stampd::layers
