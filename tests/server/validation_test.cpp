// What a request may be, field by field: the table of everything a caller can get wrong.
#include "server/validation.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "server/convert.h"
#include "server/refusal.h"
#include "tests/server/fake_pipeline.h"

namespace stampd::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int kIntMax = std::numeric_limits<int>::max();

enum class Verdict { kFine, kInvalid, kBeyondLimit };

class ValidationTest : public testing::Test {
 protected:
  struct Judged {
    Verdict verdict = Verdict::kFine;
    std::vector<std::string> fields;
    std::string text;
    Order order;
  };

  Judged Judge(const v1::GenerateRequest& request, bool is_stream = false) {
    Judged judged;
    try {
      judged.order =
          ToOrder(request, {.models = models_, .limits = limits_, .is_stream = is_stream, .request_id = "id", .draw_seed = [] {
                              return std::uint64_t{99};
                            }});
    } catch (const BadRequest& e) {
      const bool is_limit = dynamic_cast<const BeyondLimit*>(&e) != nullptr;
      judged.verdict = is_limit ? Verdict::kBeyondLimit : Verdict::kInvalid;
      judged.text = e.what();
      for (const FieldViolation& violation : e.violations()) judged.fields.push_back(violation.field);
    }
    return judged;
  }

  /// A request is judged as `verdict`, because of `field` and nothing else.
  void Expect(Verdict verdict, const v1::GenerateRequest& request, const std::string& field, bool is_stream = false) {
    const Judged judged = Judge(request, is_stream);
    EXPECT_EQ(judged.verdict, verdict) << judged.text << "\n" << request.ShortDebugString().substr(0, 200);
    if (verdict == Verdict::kFine) return;
    EXPECT_THAT(judged.fields, ElementsAre(field));
  }

  std::shared_ptr<FakePipeline> fake_ = std::make_shared<FakePipeline>();
  HostedModels models_{{"fake", "cpu", fake_}};
  Limits limits_;
};

TEST_F(ValidationTest, AnythingThatIsTextIsAPrompt) {
  std::string combining = "a";
  for (int i = 0; i < 500; ++i) combining += "\xcc\x81";
  std::string ten_thousand_words;
  for (int i = 0; i < 10000; ++i) ten_thousand_words += "word ";
  const std::string right_to_left = "\xe2\x80\xae\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d";
  for (const std::string& text : {std::string(), std::string("   \t\n"), std::string("\xf0\x9f\x90\x88\xf0\x9f\x8e\xa8"), combining,
                                  right_to_left, ten_thousand_words, std::string(65536, 'x')}) {
    v1::GenerateRequest request;
    request.set_prompt(text);
    request.set_negative_prompt(text);
    const Judged judged = Judge(request);
    EXPECT_EQ(judged.verdict, Verdict::kFine) << judged.text;
    EXPECT_EQ(judged.order.request.prompt, text);
    EXPECT_EQ(judged.order.request.negative_prompt, text);
  }
}

TEST_F(ValidationTest, PromptsHaveAPublishedLength) {
  for (const std::size_t bytes : {std::size_t{65537}, std::size_t{1} << 20}) {
    v1::GenerateRequest request;
    request.set_prompt(std::string(bytes, 'x'));
    Expect(Verdict::kBeyondLimit, request, "prompt");
    request.Clear();
    request.set_negative_prompt(std::string(bytes, 'x'));
    Expect(Verdict::kBeyondLimit, request, "negative_prompt");
  }
}

TEST_F(ValidationTest, PromptsHoldNoNul) {
  v1::GenerateRequest request;
  request.set_prompt(std::string("a\0b", 3));
  Expect(Verdict::kInvalid, request, "prompt");
  request.Clear();
  request.set_negative_prompt(std::string(1, '\0'));
  Expect(Verdict::kInvalid, request, "negative_prompt");
}

TEST_F(ValidationTest, Steps) {
  const auto with = [](int steps) {
    v1::GenerateRequest request;
    request.set_steps(steps);
    return request;
  };
  EXPECT_EQ(Judge(with(0)).order.request.steps, 4);
  EXPECT_EQ(Judge(with(1)).order.request.steps, 1);
  EXPECT_EQ(Judge(with(200)).order.request.steps, 200);
  Expect(Verdict::kBeyondLimit, with(201), "steps");
  Expect(Verdict::kBeyondLimit, with(kIntMax), "steps");
  Expect(Verdict::kInvalid, with(-1), "steps");
  Expect(Verdict::kInvalid, with(std::numeric_limits<int>::min()), "steps");
}

TEST_F(ValidationTest, Sizes) {
  const auto with = [](int width, int height) {
    v1::GenerateRequest request;
    request.set_width(width);
    request.set_height(height);
    return request;
  };
  EXPECT_EQ(Judge(with(0, 0)).order.request.width, 64);
  EXPECT_EQ(Judge(with(16, 4096)).order.request.height, 4096);
  Expect(Verdict::kBeyondLimit, with(1, 0), "width");
  Expect(Verdict::kBeyondLimit, with(1, 4096), "width");
  Expect(Verdict::kBeyondLimit, with(0, kIntMax), "height");
  Expect(Verdict::kBeyondLimit, with(4096, 4096), "width");  // each is allowed, their product is not
  Expect(Verdict::kInvalid, with(33, 0), "width");           // the model's own finding
  Expect(Verdict::kInvalid, with(0, 36), "height");
  Expect(Verdict::kInvalid, with(-8, 64), "width");
  EXPECT_THAT(Judge(with(kIntMax, kIntMax)).fields, ElementsAre("width", "height"));
}

TEST_F(ValidationTest, ProductOfSidesDoesNotOverflow) {
  fake_->facts.max_side = kIntMax;
  v1::GenerateRequest request;
  request.set_width(65536);
  request.set_height(65536);
  Expect(Verdict::kBeyondLimit, request, "width");
  EXPECT_THAT(Judge(request).text, HasSubstr("4294967296 pixels; expected at most 4194304"));
}

TEST_F(ValidationTest, Guidance) {
  const auto with = [](double scale) {
    v1::GenerateRequest request;
    request.set_guidance_scale(scale);
    return request;
  };
  for (const double fine : {0.0, -0.0, 1.0, 30.0, std::numeric_limits<double>::denorm_min()}) {
    EXPECT_EQ(Judge(with(fine)).order.request.guidance_scale, fine) << fine;
  }
  for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL, -1.0, -1e-300})
    Expect(Verdict::kInvalid, with(wrong), "guidance_scale");
  for (const double high : {30.001, 1e38, 1e308}) Expect(Verdict::kBeyondLimit, with(high), "guidance_scale");
  EXPECT_EQ(Judge({}).order.request.guidance_scale, 4.5);
}

TEST_F(ValidationTest, Seeds) {
  v1::GenerateRequest request;
  EXPECT_EQ(Judge(request).order.request.seed, 99u);  // absent: drawn
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    request.set_seed(seed);
    EXPECT_EQ(Judge(request).order.request.seed, seed);
  }
}

TEST_F(ValidationTest, NumberOfImages) {
  const auto with = [](int count) {
    v1::GenerateRequest request;
    request.set_num_images(count);
    return request;
  };
  EXPECT_EQ(Judge(with(0)).order.request.num_images, 1);
  EXPECT_EQ(Judge(with(4)).order.request.num_images, 4);
  Expect(Verdict::kBeyondLimit, with(5), "num_images");
  Expect(Verdict::kBeyondLimit, with(kIntMax), "num_images");
  Expect(Verdict::kInvalid, with(-1), "num_images");
}

TEST_F(ValidationTest, NamesOfSchedulerAndPrecision) {
  v1::GenerateRequest request;
  request.set_scheduler("euler");
  request.set_precision("bf16");
  EXPECT_EQ(Judge(request).order.request.scheduler, "euler");
  request.set_scheduler("Euler");
  Expect(Verdict::kInvalid, request, "scheduler");
  EXPECT_THAT(Judge(request).text, HasSubstr("'Euler'; expected one of: dpm++, euler"));
  request.clear_scheduler();
  request.set_precision("int3");
  Expect(Verdict::kInvalid, request, "precision");
}

TEST_F(ValidationTest, AnotherPrecisionThanTheLoadedOneIsNotThere) {
  v1::GenerateRequest request;
  request.set_precision("fp32");
  EXPECT_THROW(Judge(request), PrecisionNotLoaded);
}

TEST_F(ValidationTest, AModelThatIsNotHostedIsUnknown) {
  v1::GenerateRequest request;
  request.set_model("other");
  EXPECT_THROW(Judge(request), UnknownModel);
}

TEST_F(ValidationTest, Outputs) {
  const auto with = [](int format) {
    v1::GenerateRequest request;
    request.mutable_output()->set_format(static_cast<v1::OutputFormat>(format));
    return request;
  };
  EXPECT_EQ(Judge(with(0)).order.output.format, ImageFormat::kPng);
  EXPECT_EQ(Judge(with(5)).order.output.format, ImageFormat::kLatentF32);
  Expect(Verdict::kInvalid, with(99), "output.format");
  Expect(Verdict::kInvalid, with(-1), "output.format");

  v1::GenerateRequest jpeg = with(v1::JPEG);
  EXPECT_EQ(Judge(jpeg).order.output.quality, 90);
  for (const int quality : {0, 101, -1}) {
    jpeg.mutable_output()->set_quality(quality);
    Expect(Verdict::kInvalid, jpeg, "output.quality");
  }
  jpeg.mutable_output()->set_quality(100);
  EXPECT_EQ(Judge(jpeg).order.output.quality, 100);

  for (const v1::OutputFormat format : {v1::OUTPUT_FORMAT_UNSPECIFIED, v1::PNG, v1::RGB8}) {
    v1::GenerateRequest request = with(format);
    request.mutable_output()->set_quality(50);
    Expect(Verdict::kInvalid, request, "output.quality");
  }
  for (const v1::OutputFormat format : {v1::RGB8, v1::LATENT_F32}) {
    v1::GenerateRequest request = with(format);
    request.mutable_output()->set_embed_metadata(true);
    Expect(Verdict::kInvalid, request, "output.embed_metadata");
  }
}

TEST_F(ValidationTest, Previews) {
  const auto with = [](int every, int side) {
    v1::GenerateRequest request;
    request.set_steps(10);
    request.mutable_preview()->set_every_n_steps(every);
    request.mutable_preview()->set_max_side(side);
    return request;
  };
  EXPECT_EQ(Judge(with(10, 512), true).order.preview_every, 10);
  Expect(Verdict::kInvalid, with(11, 0), "preview.every_n_steps", true);
  Expect(Verdict::kInvalid, with(-1, 0), "preview.every_n_steps", true);
  Expect(Verdict::kInvalid, with(1, -1), "preview.max_side", true);
  Expect(Verdict::kBeyondLimit, with(1, 513), "preview.max_side", true);
  Expect(Verdict::kInvalid, with(1, 0), "preview", false);
  Expect(Verdict::kFine, with(0, 0), "", false);
}

TEST_F(ValidationTest, RequestIds) {
  const auto with = [](const std::string& id) {
    v1::GenerateRequest request;
    request.set_request_id(id);
    return request;
  };
  Expect(Verdict::kFine, with(std::string(64, '~')), "");
  Expect(Verdict::kFine, with("with space"), "");
  for (const std::string& id :
       {std::string(65, 'a'), std::string("caf\xc3\xa9"), std::string("a\nb"), std::string(1, '\0'), std::string("\x7f")}) {
    Expect(Verdict::kInvalid, with(id), "request_id");
  }
}

TEST_F(ValidationTest, EveryWrongFieldIsListedAtOnce) {
  v1::GenerateRequest request;
  request.set_prompt(std::string(1 << 20, 'x'));
  request.set_negative_prompt(std::string(1, '\0'));
  request.set_width(-1);
  request.set_height(kIntMax);
  request.set_steps(-5);
  request.set_guidance_scale(std::nan(""));
  request.set_num_images(1000);
  request.mutable_output()->set_quality(1000);
  request.set_scheduler("s");
  request.set_precision("p");
  request.set_request_id(std::string(100, 'i'));
  request.mutable_preview()->set_every_n_steps(-1);
  const Judged judged = Judge(request);
  EXPECT_EQ(judged.verdict, Verdict::kInvalid);
  EXPECT_THAT(judged.fields,
              UnorderedElementsAre("prompt", "negative_prompt", "width", "height", "steps", "guidance_scale", "num_images",
                                   "output.quality", "scheduler", "precision", "request_id", "preview"));
}

TEST_F(ValidationTest, TheModelsFindingsJoinTheServers) {
  v1::GenerateRequest request;
  request.set_width(33);
  request.set_steps(1000);
  const Judged judged = Judge(request);
  EXPECT_EQ(judged.verdict, Verdict::kInvalid);  // a wrong field weighs more than one beyond a limit
  EXPECT_THAT(judged.fields, ElementsAre("steps", "width"));
}

TEST_F(ValidationTest, SeveralLimitsAreStillOnlyLimits) {
  v1::GenerateRequest request;
  request.set_num_images(5);
  request.set_steps(1000);
  EXPECT_EQ(Judge(request).verdict, Verdict::kBeyondLimit);
}

}  // namespace
}  // namespace stampd::server
