#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/io/tensor_archive.h"

namespace stampd::layers {

struct Quantization;

/// A record as a CPU tensor that lies where the file is mapped and keeps the mapping alive; a copy if it is not aligned there. Not
/// to be written to.
torch::Tensor AsTensor(const io::TensorRecord& record, std::shared_ptr<const io::TensorArchive> archive);

/// The tensors of one component on their way into layers: each is asked for by name and shape, and all must be asked for.
///
/// `Take` checks the shape, converts to the wanted dtype and device, and refuses NaN and infinity; a tensor already in the wanted
/// dtype on the CPU is used where the file is mapped, without a copy. Broken, with file, tensor, expected and found. Not
/// thread-safe.
class Weights {
 public:
  /// `quantization` is for the linears that a recipe is about (image_linear.h), or null; it must live as long as this.
  Weights(std::shared_ptr<const io::TensorArchive> archive, torch::ScalarType dtype, torch::Device device,
          const Quantization* quantization = nullptr);

  bool Has(const std::string& name) const;
  /// As it is stored; Broken if it is not.
  at::IntArrayRef Shape(const std::string& name) const;
  torch::ScalarType StoredDtype(const std::string& name) const;
  torch::Tensor Take(const std::string& name, at::IntArrayRef shape) { return Take(name, shape, dtype_); }
  /// `format` ChannelsLast is for convolutions that work in it, and always copies.
  torch::Tensor Take(const std::string& name, at::IntArrayRef shape, torch::ScalarType dtype,
                     at::MemoryFormat format = at::MemoryFormat::Contiguous);

  /// The weight of a linear, [out, in]; that of a 1x1 convolution, [out, in, 1, 1], is one, too.
  torch::Tensor TakeMatrix(const std::string& name, std::int64_t out, std::int64_t in, torch::ScalarType dtype);

  /// Whole numbers, which must be stored as such: uint8, on the CPU. They are no parameters; see CountParameters.
  torch::Tensor TakeBytes(const std::string& name, at::IntArrayRef shape);

  /// `name` was taken and copied elsewhere: if it lies where the file is mapped, its pages may leave memory.
  void Release(const std::string& name);
  /// Corrects resident_bytes() when a layer holds what it took in another form.
  void CountResident(std::int64_t difference) { resident_bytes_ += difference; }
  void CountParameters(std::int64_t difference) { parameters_ += difference; }

  /// The linears that a recipe is about, by their full names, as LoadImageLinear and LoadTextLinear were asked for them.
  void CountImageLinear(std::string name) { image_linears_.push_back(std::move(name)); }
  const std::vector<std::string>& image_linears() const { return image_linears_; }

  /// Names that begin so are known and not needed ("encoder." of a VAE that only decodes).
  void Ignore(std::string_view prefix);
  /// Throws Broken with the names that nobody asked for, or if the recipe speaks of layers that there are not. Call it when the
  /// component is complete.
  void CheckAllTaken() const;

  torch::ScalarType dtype() const { return dtype_; }
  const Quantization* quantization() const { return quantization_; }
  /// Of what was taken: number of elements, and bytes it holds in memory.
  std::int64_t parameters() const { return parameters_; }
  std::int64_t resident_bytes() const { return resident_bytes_; }

 private:
  const io::TensorRecord& Find(const std::string& name, const std::string& expected) const;
  const io::TensorRecord& FindShaped(const std::string& name, at::IntArrayRef shape) const;

  std::shared_ptr<const io::TensorArchive> archive_;
  torch::ScalarType dtype_;
  torch::Device device_;
  const Quantization* quantization_;
  std::set<std::string, std::less<>> taken_;
  std::vector<std::string> ignored_;
  std::vector<std::string> image_linears_;
  std::int64_t parameters_ = 0;
  std::int64_t resident_bytes_ = 0;
};

/// A place in the tree of names: `scope / "attn1" / "to_q"` is where "….attn1.to_q.weight" is.
class WeightScope {
 public:
  explicit WeightScope(Weights& weights) : WeightScope(weights, {}, weights.dtype()) {}

  WeightScope operator/(std::string_view child) const { return {*weights_, prefix_ + std::string(child) + ".", dtype_}; }
  WeightScope operator/(int index) const { return *this / std::to_string(index); }

  std::string Name(std::string_view leaf) const { return prefix_ + std::string(leaf); }
  bool Has(std::string_view leaf) const { return weights_->Has(Name(leaf)); }
  at::IntArrayRef Shape(std::string_view leaf) const { return weights_->Shape(Name(leaf)); }
  torch::ScalarType StoredDtype(std::string_view leaf) const { return weights_->StoredDtype(Name(leaf)); }
  torch::Tensor Take(std::string_view leaf, at::IntArrayRef shape) const { return weights_->Take(Name(leaf), shape, dtype_); }
  torch::Tensor Take(std::string_view leaf, at::IntArrayRef shape, torch::ScalarType dtype,
                     at::MemoryFormat format = at::MemoryFormat::Contiguous) const {
    return weights_->Take(Name(leaf), shape, dtype, format);
  }
  torch::Tensor TakeMatrix(std::string_view leaf, std::int64_t out, std::int64_t in) const {
    return TakeMatrix(leaf, out, in, dtype());
  }
  torch::Tensor TakeMatrix(std::string_view leaf, std::int64_t out, std::int64_t in, torch::ScalarType dtype) const {
    return weights_->TakeMatrix(Name(leaf), out, in, dtype);
  }
  torch::Tensor TakeBytes(std::string_view leaf, at::IntArrayRef shape) const { return weights_->TakeBytes(Name(leaf), shape); }
  void Release(std::string_view leaf) const { weights_->Release(Name(leaf)); }
  void CountResident(std::int64_t difference) const { weights_->CountResident(difference); }
  void CountParameters(std::int64_t difference) const { weights_->CountParameters(difference); }
  const Quantization* quantization() const { return weights_->quantization(); }
  void CountImageLinear(std::string_view leaf) const { weights_->CountImageLinear(Name(leaf)); }

  /// The same place for what computes in another dtype than the rest of the network.
  WeightScope As(torch::ScalarType dtype) const { return {*weights_, prefix_, dtype}; }
  torch::ScalarType dtype() const { return dtype_; }

 private:
  WeightScope(Weights& weights, std::string prefix, torch::ScalarType dtype)
      : weights_(&weights), prefix_(std::move(prefix)), dtype_(dtype) {}

  Weights* weights_;
  std::string prefix_;
  torch::ScalarType dtype_;
};

}  // namespace stampd::layers
