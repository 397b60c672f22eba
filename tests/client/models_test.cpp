#include "client/models.h"

#include <gtest/gtest.h>

namespace stampd::client {
namespace {

v1::ModelInfo Model(const std::string& name) {
  v1::ModelInfo model;
  model.set_name(name);
  model.set_family("PixArtSigmaPipeline");
  model.set_digest("0123456789abcdef0123456789abcdef");
  model.add_precisions("bf16");
  model.add_precisions("fp32");
  model.add_schedulers("dpm");
  model.mutable_defaults()->set_width(1024);
  model.mutable_defaults()->set_height(512);
  model.mutable_defaults()->set_steps(20);
  model.mutable_defaults()->set_guidance_scale(4.5);
  model.mutable_limits()->set_min_side(256);
  model.mutable_limits()->set_max_side(2048);
  model.mutable_limits()->set_max_steps(100);
  model.mutable_limits()->set_max_images(4);
  return model;
}

TEST(ModelsTest, ColumnsAreAlignedAndTheDefaultIsMarked) {
  v1::ListModelsResponse models;
  *models.add_models() = Model("sigma");
  *models.add_models() = Model("a-longer-name");
  EXPECT_EQ(
      RenderModels(models),
      "NAME           FAMILY               SIZE      STEPS  GUIDANCE  PRECISIONS  SCHEDULERS  LIMITS                            "
      "DIGEST\n"
      "sigma*         PixArtSigmaPipeline  1024x512  20     4.5       bf16,fp32   dpm         256-2048 px, 100 steps, 4 images  "
      "0123456789ab\n"
      "a-longer-name  PixArtSigmaPipeline  1024x512  20     4.5       bf16,fp32   dpm         256-2048 px, 100 steps, 4 images  "
      "0123456789ab\n");
}

TEST(ModelsTest, NoModelsAreAHeadLine) {
  EXPECT_EQ(RenderModels({}), "NAME  FAMILY  SIZE  STEPS  GUIDANCE  PRECISIONS  SCHEDULERS  LIMITS  DIGEST\n");
}

}  // namespace
}  // namespace stampd::client
