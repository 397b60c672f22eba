#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/temporary_folder.h"
#include "tests/tiny_pipeline.h"

namespace stampd::tools {
namespace {

using stampd::testing::TemporaryFolder;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

struct Outcome {
  int status = -1;
  std::string text;  // stdout and stderr
};

// Runs the program as built, in a shell.
Outcome Stampq(const std::string& arguments) {
  FILE* pipe = popen((std::string(STAMPQ_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  Outcome outcome;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) outcome.text.append(buffer.data(), got);
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

class StampqTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(StampqTest, SaysWhatItIs) {
  const Outcome version = Stampq("--version");
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.text, ::testing::MatchesRegex("stampq [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const Outcome help = Stampq("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* word : {"inspect", "random", "--config", "--version"}) EXPECT_THAT(help.text, HasSubstr(word));
  EXPECT_EQ(Stampq("random --help").status, 0);
}

TEST_F(StampqTest, MisuseIsStatus2) {
  EXPECT_EQ(Stampq("").status, 2);
  EXPECT_EQ(Stampq("paint").status, 2);
  EXPECT_EQ(Stampq("random --preset tiny-pixart").status, 2);
  EXPECT_EQ(Stampq("inspect " + Path("x") + " --component vae").status, 2);
  EXPECT_EQ(Stampq("inspect " + Path("x") + " --component vae=a --component vae=b").status, 2);
  const Outcome preset = Stampq("random --preset huge -o " + Path("x"));
  EXPECT_EQ(preset.status, 2);
  EXPECT_THAT(preset.text, HasSubstr("tiny-pixart"));
  EXPECT_EQ(Stampq("random --preset tiny-pixart --dtype int4 -o " + Path("x")).status, 2);
  EXPECT_EQ(Stampq("random --preset tiny-pixart --text-encoder full -o " + Path("x")).status, 2);
  EXPECT_FALSE(fs::exists(Path("x")));
}

TEST_F(StampqTest, FailureIsStatus1AndSaysWhy) {
  const Outcome outcome = Stampq("inspect " + Path("none"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("stampq: [checkpoint] " + Path("none") + ": expected a directory"));
}

TEST_F(StampqTest, WritesWhatItInspects) {
  const Outcome random = Stampq("random --preset tiny-pixart --seed 7 --dtype fp16 -o " + Path("a"));
  EXPECT_EQ(random.status, 0) << random.text;
  const Outcome inspect = Stampq("inspect " + Path("a"));
  EXPECT_EQ(inspect.status, 0);
  EXPECT_THAT(inspect.text, HasSubstr("405,823"));
  EXPECT_THAT(inspect.text, HasSubstr("F16"));
  EXPECT_EQ(Stampq("random --preset tiny-pixart -o " + Path("b")).status, 0);
  const Outcome mixed = Stampq("inspect --json --component vae=" + Path("b") + " " + Path("a"));
  EXPECT_EQ(mixed.status, 0) << mixed.text;
  EXPECT_THAT(mixed.text, HasSubstr(Path("b") + "/vae"));
}

TEST_F(StampqTest, PlotsALayersAutocorrelation) {
  EXPECT_EQ(Stampq("random --preset tiny-pixart -o " + Path("tiny")).status, 0);
  const std::string prompts = folder_.Write("prompts.txt", "a red circle\nnothing\n");
  const std::string inspect = "inspect " + Path("tiny") + " ", plot = "--autocorrelation " + Path("q");
  const Outcome outcome = Stampq(inspect + plot + " --prompts " + prompts + " --count 1 --steps 1 --layer attn2.to_q");
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  for (const char* file : {"q-before.png", "q-after.png", "q-energy.svg"}) {
    EXPECT_TRUE(fs::is_regular_file(Path(file)));
    EXPECT_THAT(outcome.text, HasSubstr(Path(file)));
  }
  EXPECT_EQ(Stampq(inspect + plot).status, 2);
  EXPECT_EQ(Stampq(inspect + "--prompts " + prompts).status, 2);
  EXPECT_EQ(Stampq(inspect + plot + " --json --prompts " + prompts).status, 2);
  EXPECT_EQ(Stampq(inspect + plot + " --count 0 --prompts " + prompts).status, 2);
  EXPECT_EQ(Stampq("autocorrelation " + Path("tiny") + " --prompts " + prompts + " -o " + Path("q")).status, 2);
}

TEST_F(StampqTest, PlotsSqnrOverTheHighTokens) {
  EXPECT_EQ(Stampq("random --preset tiny-pixart -o " + Path("tiny")).status, 0);
  const std::string prompts = folder_.Write("prompts.txt", "a red circle\n");
  const std::string recipe = folder_.Write("recipe.json", stampd::testing::NarrowRecipe());
  const std::string sqnr = "sqnr " + Path("tiny") + " --prompts " + prompts + " --steps 1 --recipe " + recipe;
  const Outcome outcome = Stampq(sqnr + " --sweep tokens --csv " + Path("t.csv") + " --plot-tokens " + Path("t.svg"));
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text, ::testing::AllOf(HasSubstr("narrow  "), HasSubstr("loading: recipe 1 of 16"),
                                             HasSubstr("128 high tokens, no transform")));
  EXPECT_TRUE(fs::is_regular_file(Path("t.svg")));
  EXPECT_TRUE(fs::is_regular_file(Path("t.csv")));
  EXPECT_FALSE(fs::exists(Path("t.csv.part")));
  EXPECT_THAT(Stampq(sqnr + " --plot-tokens " + Path("t.svg")).text, HasSubstr("expected --sweep tokens or all"));
  EXPECT_THAT(Stampq(sqnr + " --csv " + Path("no/t.csv")).text, HasSubstr("can't write " + Path("no/t.csv")));
  EXPECT_THAT(Stampq(sqnr + " --recipe " + recipe).text, HasSubstr("expected names of their own, found two of narrow"));
}

TEST_F(StampqTest, CalibratesRecipesThatSmooth) {
  EXPECT_EQ(Stampq("random --preset tiny-pixart -o " + Path("tiny")).status, 0);
  const std::string prompts = folder_.Write("prompts.txt", "a red circle\nnothing\n");
  const std::string recipe = folder_.Write("recipe.json", stampd::testing::NarrowRecipe(R"(, "smooth_alpha": 0.5)"));
  const std::string quantize = "quantize " + Path("tiny") + " -o " + Path("out") + " --recipe " + recipe;
  EXPECT_EQ(Stampq(quantize).status, 2);
  EXPECT_EQ(Stampq(quantize + " --steps 1").status, 2);
  const Outcome outcome = Stampq(quantize + " --prompts " + prompts + " --count 1 --steps 1");
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("calibrating: prompt 1 of 1"));
}

TEST_F(StampqTest, TakesFlagsFromAFile) {
  const std::string config =
      folder_.Write("stampq.toml", "[random]\npreset = \"tiny-pixart\"\ndtype = \"bf16\"\noutput = \"" + Path("a") + "\"\n");
  const Outcome random = Stampq("random --config " + config);
  EXPECT_EQ(random.status, 0) << random.text;
  EXPECT_THAT(Stampq("inspect " + Path("a")).text, HasSubstr("BF16"));
  EXPECT_EQ(Stampq("--config " + Path("none.toml") + " random --preset tiny-pixart -o " + Path("b")).status, 2);
  const std::string wrong = folder_.Write("wrong.toml", "[random]\npreset = \"tiny-pixart\"\ncolour = \"red\"\n");
  const Outcome unknown = Stampq("random -o " + Path("b") + " --config " + wrong);
  EXPECT_EQ(unknown.status, 2) << unknown.text;
}

}  // namespace
}  // namespace stampd::tools
