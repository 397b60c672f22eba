#include "engine/layers/weights.h"

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::layers {
namespace {

using stampd::testing::NamedTensors;
using stampd::testing::TemporaryFolder;
using stampd::testing::WriteTensors;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

class WeightsTest : public ::testing::Test {
 protected:
  Weights Write(const NamedTensors& tensors, torch::ScalarType dtype = torch::kFloat32) {
    WriteTensors(tensors, folder_.path() / "model.safetensors");
    archive_ = io::TensorArchive::Open(folder_.path(), "model");
    return Weights(archive_, dtype, torch::kCPU);
  }

  TemporaryFolder folder_;
  std::shared_ptr<const io::TensorArchive> archive_;
  torch::Tensor matrix_ = at::arange(6, torch::kFloat32).reshape({2, 3});
};

TEST_F(WeightsTest, TakesByNameAndShape) {
  Weights weights = Write({{"a.weight", matrix_}});
  EXPECT_TRUE(at::equal(weights.Take("a.weight", {2, 3}), matrix_));
}

TEST_F(WeightsTest, UsesTheMappedFileWhereTheDtypeAgrees) {
  Weights weights = Write({{"a", matrix_}});
  EXPECT_EQ(weights.Take("a", {2, 3}).const_data_ptr(), archive_->Find("a")->bytes.data());
}

// A header that is not padded puts floats at odd addresses, which vectorised loops and the language forbid.
TEST_F(WeightsTest, MisalignedTensorsAreCopied) {
  std::string bytes = "x";
  bytes.append(static_cast<const char*>(matrix_.const_data_ptr()), matrix_.nbytes());
  const io::TensorRecord record{
      .name = "a", .dtype = io::DType::kF32, .shape = {2, 3}, .bytes = std::as_bytes(std::span(bytes)).subspan(1), .file = "f"};
  const torch::Tensor tensor = AsTensor(record, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr()) % alignof(float), 0U);
  EXPECT_TRUE(at::equal(tensor, matrix_));
}

TEST_F(WeightsTest, AMappedTensorOutlivesTheArchivesOtherOwners) {
  Weights weights = Write({{"a", matrix_}});
  const torch::Tensor taken = weights.Take("a", {2, 3});
  weights = Weights(nullptr, torch::kFloat32, torch::kCPU);  // lets go of it
  archive_.reset();
  EXPECT_TRUE(at::equal(taken, matrix_));
}

TEST_F(WeightsTest, ConvertsToTheWantedDtype) {
  Weights weights = Write({{"a", matrix_}, {"b", matrix_}}, torch::kBFloat16);
  const torch::Tensor a = weights.Take("a", {2, 3});
  EXPECT_EQ(a.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(at::equal(a.to(torch::kFloat32), matrix_));
  EXPECT_EQ(weights.Take("b", {2, 3}, torch::kFloat32).scalar_type(), torch::kFloat32);
}

TEST_F(WeightsTest, AConvolutionOfOnePixelIsAMatrix) {
  Weights weights = Write({{"a", matrix_.reshape({2, 3, 1, 1})}, {"b", matrix_}, {"c", at::zeros({2, 3, 3, 3})}});
  EXPECT_TRUE(at::equal(weights.TakeMatrix("a", 2, 3, torch::kFloat32), matrix_));
  EXPECT_TRUE(at::equal(weights.TakeMatrix("b", 2, 3, torch::kFloat64), matrix_.to(torch::kFloat64)));
  EXPECT_THAT([&] { weights.TakeMatrix("c", 2, 3, torch::kFloat32); },
              ThrowsMessage<Broken>(HasSubstr("expected shape [2, 3, 1, 1], found [2, 3, 3, 3]")));
}

TEST_F(WeightsTest, ReordersForConvolutionsThatWorkChannelsLast) {
  const torch::Tensor kernel = at::arange(2 * 3 * 2 * 2, torch::kFloat32).reshape({2, 3, 2, 2});
  Weights weights = Write({{"a", kernel}});
  const torch::Tensor a = weights.Take("a", {2, 3, 2, 2}, torch::kFloat32, at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(a.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(a, kernel));
}

TEST_F(WeightsTest, CountsWhatWasTaken) {
  Weights weights = Write({{"a", matrix_}, {"b", matrix_}, {"c", matrix_}}, torch::kBFloat16);
  weights.Take("a", {2, 3});
  weights.Take("b", {2, 3}, torch::kFloat32);
  EXPECT_EQ(weights.parameters(), 12);
  EXPECT_EQ(weights.resident_bytes(), 6 * 2 + 6 * 4);
}

TEST_F(WeightsTest, AMissingTensorIsNamedWithTheShapeThatWasExpected) {
  Weights weights = Write({{"a", matrix_}});
  EXPECT_FALSE(weights.Has("b.weight"));
  EXPECT_THAT(
      [&] {
        weights.Take("b.weight", {4, 5});
      },
      ThrowsMessage<Broken>(AllOf(HasSubstr("model.safetensors"), HasSubstr("b.weight"), HasSubstr("[4, 5]"))));
  EXPECT_THAT([&] { weights.Shape("b.weight"); }, ThrowsMessage<Broken>(HasSubstr("b.weight")));
}

TEST_F(WeightsTest, AWrongShapeIsShownBesideTheExpectedOne) {
  Weights weights = Write({{"a", matrix_}});
  EXPECT_THAT(
      [&] {
        weights.Take("a", {3, 2});
      },
      ThrowsMessage<Broken>(AllOf(HasSubstr("a: "), HasSubstr("expected shape [3, 2]"), HasSubstr("found [2, 3]"))));
  EXPECT_EQ(weights.Shape("a"), at::IntArrayRef({2, 3}));
}

TEST_F(WeightsTest, IntegersAreNoWeights) {
  Weights weights = Write({{"a", matrix_.to(torch::kInt64)}});
  EXPECT_THAT([&] { weights.Take("a", {2, 3}); }, ThrowsMessage<Broken>(HasSubstr("found I64")));
}

TEST_F(WeightsTest, NanAndInfinityAreRefusedAndCounted) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
    torch::Tensor spoilt = matrix_.clone();
    spoilt[1][2] = bad;
    Weights weights = Write({{"a", spoilt}});
    EXPECT_THAT([&] { weights.Take("a", {2, 3}); }, ThrowsMessage<Broken>(AllOf(HasSubstr("a: "), HasSubstr("1 of 6")))) << bad;
  }
}

TEST_F(WeightsTest, AnInfinityOnEachSideDoesNotCancel) {
  torch::Tensor spoilt = matrix_.clone();
  spoilt[0][0] = -std::numeric_limits<float>::infinity();
  spoilt[0][1] = std::numeric_limits<float>::infinity();
  Weights weights = Write({{"a", spoilt}});
  EXPECT_THAT([&] { weights.Take("a", {2, 3}); }, ThrowsMessage<Broken>(HasSubstr("2 of 6")));
}

TEST_F(WeightsTest, AValueThatTheDtypeCannotHoldIsRefused) {
  Weights weights = Write({{"a", at::full({2, 3}, 1e6F)}}, torch::kFloat16);
  EXPECT_THAT([&] { weights.Take("a", {2, 3}); }, ThrowsMessage<Broken>(AllOf(HasSubstr("Half"), HasSubstr("6 of 6"))));
}

TEST_F(WeightsTest, LargeFiniteValuesAreFine) {
  Weights weights = Write({{"a", at::full({2, 3}, std::numeric_limits<float>::max())}});
  EXPECT_NO_THROW(weights.Take("a", {2, 3}));
}

TEST_F(WeightsTest, NamesThatNobodyAskedForAreAllListed) {
  Weights weights = Write({{"a", matrix_}, {"b", matrix_}, {"c.weight", matrix_}});
  weights.Take("b", {2, 3});
  EXPECT_THAT([&] { weights.CheckAllTaken(); },
              ThrowsMessage<Broken>(AllOf(HasSubstr(": a [2, 3]"), HasSubstr(": c.weight [2, 3]"), Not(HasSubstr(": b ")))));
}

TEST_F(WeightsTest, IgnoredPrefixesNeedNotBeAskedFor) {
  Weights weights = Write({{"encoder.a", matrix_}, {"encoder.b.c", matrix_}, {"decoder.a", matrix_}});
  weights.Ignore("encoder.");
  EXPECT_THROW(weights.CheckAllTaken(), Broken);
  weights.Take("decoder.a", {2, 3});
  EXPECT_NO_THROW(weights.CheckAllTaken());
}

TEST_F(WeightsTest, AScopeIsAPlaceInTheTreeOfNames) {
  Weights weights = Write({{"blocks.3.attn.to_q.weight", matrix_}});
  const WeightScope scope = WeightScope(weights) / "blocks" / 3 / "attn" / "to_q";
  EXPECT_TRUE(scope.Has("weight"));
  EXPECT_FALSE(scope.Has("bias"));
  EXPECT_EQ(scope.Shape("weight"), at::IntArrayRef({2, 3}));
  EXPECT_TRUE(at::equal(scope.Take("weight", {2, 3}), matrix_));
  EXPECT_NO_THROW(weights.CheckAllTaken());
}

}  // namespace
}  // namespace stampd::layers
