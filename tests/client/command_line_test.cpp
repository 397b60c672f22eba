#include "client/command_line.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "client/sha256.h"
#include "tests/client/fake_service.h"
#include "tests/client/scratch_folder.h"

namespace stampd::client {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The whole program against a scripted server.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() { service_.events = {AcceptedEvent(0), ImageEvent(0, "picture"), DoneEvent(1.234)}; }

  // With `--server` added unless the arguments have one.
  ExitCode Stamp(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "stamp");
    if (std::find(arguments.begin(), arguments.end(), "--server") == arguments.end()) {
      arguments.insert(arguments.begin() + 1, {"--server", service_.address()});
    }
    return StampAsIs(arguments);
  }

  ExitCode StampAsIs(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv;
    argv.reserve(arguments.size());
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    out_.str("");
    err_.str("");
    return RunStamp(static_cast<int>(argv.size()), argv.data(), {in_, out_, err_, terminal_});
  }

  FakeService service_;
  ScratchFolder folder_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Terminal terminal_;
};

TEST_F(CommandLineTest, GenerateWritesThePictureAndSaysWhatItIs) {
  const std::string file = folder_.file("out.png");
  EXPECT_EQ(Stamp({"generate", "a circle", "-o", file}), ExitCode::kOk);
  EXPECT_EQ(Contents(file), "picture");
  EXPECT_EQ(out_.str(), file + "  64x48  seed 18446744073709551610  1.23 s\n");
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(folder_.CountFiles(), 1U);
}

TEST_F(CommandLineTest, EveryFlagReachesTheServer) {
  ASSERT_EQ(Stamp({"generate",
                   "a circle",
                   "-o",
                   folder_.file("a.jpg"),
                   "--model",
                   "m",
                   "--negative",
                   "blur",
                   "--steps",
                   "7",
                   "--guidance",
                   "0",
                   "--size",
                   "512x384",
                   "--seed",
                   "18446744073709551615",
                   "--quality",
                   "80",
                   "--precision",
                   "bf16",
                   "--scheduler",
                   "dpm",
                   "--preview-every",
                   "2",
                   "--preview-side",
                   "32",
                   "--metadata",
                   "--request-id",
                   "me",
                   "--no-clean-caption",
                   "--resolution-binning"}),
            ExitCode::kOk)
      << err_.str();
  const v1::GenerateRequest& request = service_.request();
  EXPECT_EQ(request.prompt(), "a circle");
  EXPECT_EQ(request.model(), "m");
  EXPECT_EQ(request.negative_prompt(), "blur");
  EXPECT_EQ(request.steps(), 7);
  EXPECT_TRUE(request.has_guidance_scale());
  EXPECT_EQ(request.guidance_scale(), 0);
  EXPECT_EQ(request.width(), 512);
  EXPECT_EQ(request.height(), 384);
  EXPECT_EQ(request.seed(), 18446744073709551615U);
  EXPECT_EQ(request.num_images(), 1);
  EXPECT_EQ(request.output().format(), v1::JPEG);
  EXPECT_EQ(request.output().quality(), 80);
  EXPECT_TRUE(request.output().embed_metadata());
  EXPECT_EQ(request.precision(), "bf16");
  EXPECT_EQ(request.scheduler(), "dpm");
  EXPECT_EQ(request.preview().every_n_steps(), 2);
  EXPECT_EQ(request.preview().max_side(), 32);
  EXPECT_EQ(request.request_id(), "me");
  EXPECT_TRUE(request.has_clean_caption());
  EXPECT_FALSE(request.clean_caption());
  EXPECT_TRUE(request.use_resolution_binning());
}

TEST_F(CommandLineTest, FormatOverridesTheExtension) {
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--format", "webp"}), ExitCode::kOk);
  EXPECT_EQ(service_.request().output().format(), v1::WEBP);
}

TEST_F(CommandLineTest, LaterFlagsOverrideEarlierOnes) {
  EXPECT_EQ(
      Stamp({"generate", "x", "-o", folder_.file("a.png"), "--steps", "3", "--size", "8x8", "--steps", "4", "--size", "16x16"}),
      ExitCode::kOk)
      << err_.str();
  EXPECT_EQ(service_.request().steps(), 4);
  EXPECT_EQ(service_.request().width(), 16);
}

TEST_F(CommandLineTest, PromptComesFromStandardInput) {
  for (const std::vector<std::string>& how : std::vector<std::vector<std::string>>{{"-"}, {"--stdin"}}) {
    in_.clear();
    in_.str("two\nlines\n");
    std::vector<std::string> arguments = {"generate", "-o", folder_.file("a.png")};
    arguments.insert(arguments.end(), how.begin(), how.end());
    EXPECT_EQ(Stamp(arguments), ExitCode::kOk) << err_.str();
    EXPECT_EQ(service_.request().prompt(), "two\nlines");
  }
}

TEST_F(CommandLineTest, SeveralPicturesAreNumberedInTheOrderOfTheirIndices) {
  service_.events = {ImageEvent(1, "second"), ImageEvent(0, "first"), DoneEvent(1)};
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--count", "2"}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(Contents(folder_.file("a-0.png")), "first");
  EXPECT_EQ(Contents(folder_.file("a-1.png")), "second");
  EXPECT_THAT(out_.str(), StartsWith(folder_.file("a-0.png")));
}

TEST_F(CommandLineTest, PreviewsLieBesideThePicture) {
  service_.events.insert(service_.events.begin() + 1, {PreviewEvent(2, 0, "small"), PreviewEvent(4, 0, "small too")});
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--preview-every", "2"}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(Contents(folder_.file("a.preview-2.jpg")), "small");
  EXPECT_EQ(Contents(folder_.file("a.preview-4.jpg")), "small too");
}

TEST_F(CommandLineTest, StandardOutputCarriesThePictureAlone) {
  EXPECT_EQ(Stamp({"generate", "x", "-o", "-"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "picture");
  EXPECT_EQ(err_.str(), "-  64x48  seed 18446744073709551610  1.23 s\n");
  EXPECT_EQ(Stamp({"generate", "x", "-o", "-", "--quiet"}), ExitCode::kOk);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CommandLineTest, JsonKeepsAll64BitsOfTheSeed) {
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a\"b.png"), "--json"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr(R"("seed":"18446744073709551610")"));
  EXPECT_THAT(out_.str(), HasSubstr(R"(a\"b.png")"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("sha256":")" + Sha256Hex("picture")));
  EXPECT_THAT(out_.str(), EndsWith("}\n"));
}

TEST_F(CommandLineTest, ProgressIsDrawnOnTerminalsOnlyAndWipedAtTheEnd) {
  service_.events.insert(service_.events.begin() + 1, {ProgressEvent(1, 2), ProgressEvent(2, 2)});
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kOk);
  EXPECT_EQ(err_.str(), "");
  terminal_.interactive = true;
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kOk);
  EXPECT_THAT(err_.str(), HasSubstr("\r2/2 ["));
  EXPECT_THAT(err_.str(), EndsWith(" \r"));
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--quiet"}), ExitCode::kOk);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CommandLineTest, DamagedPicturesAreNotWritten) {
  service_.events[1].mutable_image()->set_data("damaged");
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("picture 0: expected SHA-256 " + Sha256Hex("picture") + ", found " + Sha256Hex("damaged")));
  EXPECT_EQ(folder_.CountFiles(), 0U);
}

TEST_F(CommandLineTest, AStreamThatEndsEarlyIsAFailure) {
  service_.events = {AcceptedEvent(0)};
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("without `done`"));
  service_.events = {ImageEvent(0, "one"), DoneEvent(1)};
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--count", "2"}), ExitCode::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("expected 2 pictures, the server sent 1"));
}

TEST_F(CommandLineTest, PicturesThatNobodyAskedForAreAFailure) {
  service_.events = {ImageEvent(1, "one"), DoneEvent(1)};
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kFailed);
  EXPECT_EQ(folder_.CountFiles(), 0U);
}

TEST_F(CommandLineTest, RefusalsArePrintedFieldByField) {
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("steps");
  bad.mutable_field_violations(0)->set_description("1000, expected at most 100");
  service_.events.clear();
  service_.status = RichStatus(grpc::StatusCode::OUT_OF_RANGE, "1 field is over its limit", {&bad});
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png")}), ExitCode::kFailed);
  EXPECT_EQ(err_.str(), "stamp: OUT_OF_RANGE: 1 field is over its limit\n  steps: 1000, expected at most 100\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CommandLineTest, TimeoutIsItsOwnExitCode) {
  service_.events.clear();
  service_.wait = std::chrono::seconds(20);
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--timeout", "0.05"}), ExitCode::kLate);
  EXPECT_THAT(err_.str(), StartsWith("stamp: DEADLINE_EXCEEDED: "));
}

TEST_F(CommandLineTest, AnUnreachableServerIsItsOwnExitCode) {
  EXPECT_EQ(Stamp({"models", "--server", "127.0.0.1:1"}), ExitCode::kUnreachable);
  EXPECT_THAT(err_.str(), StartsWith("stamp: cannot reach a server at 127.0.0.1:1: "));
  EXPECT_EQ(Stamp({"generate", "x", "-o", folder_.file("a.png"), "--server", "127.0.0.1:1"}), ExitCode::kUnreachable);
}

TEST_F(CommandLineTest, WrongUsageIsFoundBeforeAnythingIsSent) {
  const std::string file = folder_.file("a.png");
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"paint"},
      {"generate", "x"},
      {"generate", "-o", file},
      {"generate", "x", "-o", file, "--size", "512"},
      {"generate", "x", "-o", file, "--seed", "-1"},
      {"generate", "x", "-o", file, "--seed", "18446744073709551616"},
      {"generate", "x", "-o", file, "--steps", "many"},
      {"generate", "x", "-o", file, "--count", "0"},
      {"generate", "x", "-o", file, "--timeout", "0"},
      {"generate", "x", "-o", file, "--timeout", "nan"},
      {"generate", "x", "-o", file, "--format", "gif"},
      {"generate", "x", "-o", folder_.file("a.gif")},
      {"generate", "x", "-o", folder_.file("no/a.png")},
      {"generate", "x", "y", "-o", file},
      {"generate", "\xff", "-o", file},
      {"generate", "x", "-o", "-", "--count", "2"},
      {"generate", "x", "-o", "-", "--json"},
      {"generate", "x", "-o", "-", "--preview-every", "1"},
      {"models", "--steps", "2"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Stamp(arguments), ExitCode::kUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), StartsWith("stamp: "));
  }
  EXPECT_FALSE(service_.request().has_output()) << "the server was asked";
}

TEST_F(CommandLineTest, HelpAndVersionGoToStandardOutput) {
  EXPECT_EQ(Stamp({"--help"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("130 interrupted by Ctrl-C"));
  EXPECT_EQ(Stamp({"generate", "--help"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("out.preview-STEP.jpg"));
  EXPECT_EQ(Stamp({"--version"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), StartsWith("stamp "));
}

TEST_F(CommandLineTest, SettingsComeFromTheCommandLineElseTheFileElseTheEnvironment) {
  const std::string config = folder_.file("stamp.toml");
  std::ofstream(config) << "server = \"" << service_.address() << "\"\n"
                        << "[generate]\nsteps = 7\nclean-caption = false\nsize = \"96x64\"\noutput = \"" << folder_.file("a.png")
                        << "\"\n";
  setenv("STAMP_SERVER", "127.0.0.1:1", 1);
  EXPECT_EQ(StampAsIs({"stamp", "--config", config, "generate", "x", "--size", "32x32"}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(StampAsIs({"stamp", "models", "--config", config}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(StampAsIs({"stamp", "models"}), ExitCode::kUnreachable);
  setenv("STAMP_SERVER", service_.address().c_str(), 1);
  EXPECT_EQ(StampAsIs({"stamp", "models"}), ExitCode::kOk) << err_.str();
  unsetenv("STAMP_SERVER");
  EXPECT_EQ(service_.request().steps(), 7);
  EXPECT_EQ(service_.request().width(), 32);
  EXPECT_TRUE(service_.request().has_clean_caption());
  EXPECT_FALSE(service_.request().clean_caption());
}

TEST_F(CommandLineTest, SettingsThatDoNotExistAreNamed) {
  const std::string config = folder_.file("stamp.toml");
  std::ofstream(config) << "[generate]\nstepz = 7\n";
  EXPECT_EQ(Stamp({"models", "--config", config}), ExitCode::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("generate.stepz"));
}

TEST_F(CommandLineTest, ModelsAreATableOrJson) {
  service_.models.add_models()->set_name("tiny");
  EXPECT_EQ(Stamp({"models"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("\ntiny*  "));
  EXPECT_EQ(Stamp({"models", "--json"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr(R"("name":"tiny")"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("resident_bytes":"0")"));
}

}  // namespace
}  // namespace stampd::client
