#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "engine/base/error.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"

namespace stampd::testing {

/// Inputs and outputs that a script in tests/reference/ recorded from diffusers or transformers: one safetensors file.
class Golden {
 public:
  /// `stem` without ".safetensors", in tests/data/.
  explicit Golden(const std::filesystem::path& stem)
      : archive_(io::TensorArchive::Open("tests/data" / stem.parent_path(), stem.filename().string())) {}

  bool Has(const std::string& name) const { return archive_->Find(name) != nullptr; }

  torch::Tensor operator[](const std::string& name) const {
    const io::TensorRecord* record = archive_->Find(name);
    if (record == nullptr) throw Broken("no golden tensor " + name);
    return layers::AsTensor(*record, archive_);
  }

 private:
  std::shared_ptr<const io::TensorArchive> archive_;
};

/// |actual - expected| over |expected|, both as Frobenius norms in double.
inline double RelativeError(const torch::Tensor& actual, const torch::Tensor& expected) {
  const torch::Tensor reference = expected.to(torch::kFloat64);
  return ((actual.to(torch::kFloat64) - reference).norm() / reference.norm()).item<double>();
}

/// Same shape, finite, and within `tolerance` as RelativeError.
inline void ExpectClose(const torch::Tensor& actual, const torch::Tensor& expected, double tolerance,
                        const std::string& what = {}) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_TRUE(torch::isfinite(actual).all().item<bool>()) << what;
  EXPECT_LE(RelativeError(actual, expected), tolerance) << what;
}

}  // namespace stampd::testing
