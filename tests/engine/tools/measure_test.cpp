#include <algorithm>
#include <initializer_list>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "engine/base/error.h"
#include "engine/quant/presets.h"
#include "engine/tools/measure/compare.h"
#include "engine/tools/measure/plot.h"
#include "engine/tools/measure/prompts.h"
#include "engine/tools/measure/report.h"
#include "engine/tools/measure/sweeps.h"
#include "tests/engine/tools/tiny_recipe.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"
#include "tests/tiny_pipeline.h"

namespace stampd::tools {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;
using stampd::testing::TinyOptions;
using stampd::testing::TinyRecipe;
using stampd::testing::TinyRequest;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PromptsTest, PlainTextIsAPromptALineWithSeedsInOrder) {
  const TemporaryFolder folder;
  const auto prompts = ReadPrompts(folder.Write("prompts.txt", "a red circle\n\n  \nzwölf \"Katzen\"\n{\"prompt\": 1}"));
  ASSERT_EQ(prompts.size(), 3u);
  EXPECT_EQ(prompts[0].text, "a red circle");
  EXPECT_EQ(prompts[0].seed, 0u);
  EXPECT_EQ(prompts[1].text, "zwölf \"Katzen\"");
  EXPECT_EQ(prompts[1].seed, 1u);
  EXPECT_EQ(prompts[2].text, "{\"prompt\": 1}");
}

TEST(PromptsTest, JsonLinesMaySayTheirSeeds) {
  const TemporaryFolder folder;
  const auto prompts = ReadPrompts(folder.Write(
      "prompts.jsonl", "{\"prompt\": \"one\"}\n\n{\"prompt\": \"two\", \"seed\": 77, \"other\": [1]}\n{\"prompt\": \"\"}\n"));
  ASSERT_EQ(prompts.size(), 3u);
  EXPECT_EQ(prompts[0].text, "one");
  EXPECT_EQ(prompts[0].seed, 0u);
  EXPECT_EQ(prompts[1].seed, 77u);
  EXPECT_EQ(prompts[2].text, "");
  EXPECT_EQ(prompts[2].seed, 2u);
}

TEST(PromptsTest, LinesEndAsWindowsEndsThemToo) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadPrompts(folder.Write("prompts.txt", "one\r\ntwo\r\n"))[1].text, "two");
}

TEST(PromptsTest, WhatIsNoPromptIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const auto expect = [&](const char* name, const char* content, std::initializer_list<std::string> parts) {
    const auto file = folder.Write(name, content);
    ExpectBroken([&] { ReadPrompts(file); }, parts);
  };
  expect("a.jsonl", "{\"prompt\": \"one\"}\n\nplain\n", {"a.jsonl", "line 3"});
  expect("b.jsonl", "{\"seed\": 1}\n", {"b.jsonl", "line 1", "prompt"});
  expect("c.jsonl", "{\"prompt\": \"one\", \"seed\": \"x\"}\n", {"c.jsonl", "line 1", "seed"});
  expect("empty.txt", " \n\n", {"empty.txt", "expected prompts, found none"});
  ExpectBroken([&] { ReadPrompts(folder.path() / "missing.txt"); }, {"can't read", "missing.txt"});
}

enum Index { kEight, kFour, kExact, kSmooth };

CompareOptions TwoPrompts() {
  CompareOptions options;
  options.load = TinyOptions({});
  options.request = TinyRequest(64, 64, 3, 0);
  options.prompts = {{"A red cactus", 3}, {"two grey houses by the sea", 4}};
  return options;
}

quant::Recipe Called(std::string name, const std::string& more) {
  quant::Recipe recipe = TinyRecipe(more);
  recipe.name = std::move(name);
  return recipe;
}

const std::vector<Comparison>& Comparisons() {
  static const std::vector<Comparison> comparisons =
      Compare(TwoPrompts(), {quant::Preset("w8a8"), TinyRecipe(), Called("<exact>", R"(, "skip": true)"),
                             Called("smooth", R"(, "weight_bits": 8, "activation_bits": 8, "smooth_alpha": 0.5)")});
  return comparisons;
}

TEST(CompareTest, CountsEveryStepOfEveryPrompt) {
  ASSERT_EQ(Comparisons().size(), 4u);
  for (const Comparison& comparison : Comparisons()) {
    ASSERT_EQ(comparison.steps.size(), 3u) << comparison.recipe.name;
    for (const quant::SqnrAverage& step : comparison.steps) EXPECT_EQ(step.samples(), 2);
    for (const quant::SqnrAverage& average : {comparison.teacher, comparison.latent, comparison.image})
      EXPECT_EQ(average.samples(), 2);
  }
  EXPECT_EQ(Comparisons()[kFour].recipe.name, "narrow");
}

TEST(CompareTest, EightBitsBeatFour) {
  const Comparison &eight = Comparisons()[kEight], &four = Comparisons()[kFour];
  EXPECT_GT(four.teacher.MeanDb(), 5);
  EXPECT_GT(eight.teacher.MeanDb(), four.teacher.MeanDb() + 12);
  EXPECT_GT(eight.teacher.PooledDb(), four.teacher.PooledDb() + 12);
  EXPECT_GT(eight.latent.MeanDb(), four.latent.MeanDb() + 12);
  EXPECT_GT(eight.image.MeanDb(), four.image.MeanDb());
  EXPECT_GT(eight.mean_psnr_db, four.mean_psnr_db);
  for (std::size_t step = 0; step < 3; ++step) EXPECT_GT(eight.steps[step].MeanDb(), four.steps[step].MeanDb() + 10) << step;
}

TEST(CompareTest, WhatIsNotQuantizedIsFullPrecisionItself) {
  const Comparison& exact = Comparisons()[kExact];
  for (const quant::SqnrAverage& average : {exact.teacher, exact.latent, exact.image}) EXPECT_EQ(average.MeanDb(), kInfinity);
  EXPECT_EQ(exact.mean_psnr_db, kInfinity);
}

TEST(CompareTest, RecipesThatSmoothAreCalibrated) {
  const Comparison& smooth = Comparisons()[kSmooth];
  EXPECT_GT(smooth.teacher.MeanDb(), Comparisons()[kFour].teacher.MeanDb() + 12);
  EXPECT_LT(smooth.teacher.MeanDb(), kInfinity);
  EXPECT_NE(smooth.teacher.MeanDb(), Comparisons()[kEight].teacher.MeanDb());
}

TEST(CompareTest, CountsTheBitsOfANativePicture) {
  EXPECT_DOUBLE_EQ(Comparisons()[kEight].bits.activations, 8);
  EXPECT_DOUBLE_EQ(Comparisons()[kFour].bits.activations, 4.25);  // one of the 16 tokens of a tile
  EXPECT_DOUBLE_EQ(Comparisons()[kExact].bits.activations, 16);
  EXPECT_DOUBLE_EQ(Comparisons()[kExact].bits.weights, 16);
}

TEST(CompareTest, RecipesAreToldApartByTheirNames) {
  EXPECT_THAT(
      [] {
        Compare(TwoPrompts(), {TinyRecipe(), TinyRecipe(R"(, "skip": true)")});
      },
      ::testing::ThrowsMessage<BadRequest>(HasSubstr("two of narrow")));
}

TEST(CompareTest, ANeighbourChangesNothing) {
  const Comparison alone = Compare(TwoPrompts(), {TinyRecipe()}).front();
  EXPECT_EQ(alone.teacher.MeanDb(), Comparisons()[kFour].teacher.MeanDb());
  EXPECT_EQ(alone.latent.MeanDb(), Comparisons()[kFour].latent.MeanDb());
}

TEST(CompareTest, MayBeHeldAgainstBf16AndReportsProgress) {
  CompareOptions options = TwoPrompts();
  options.load.precisions = {Precision::kBf16};
  std::vector<std::string> where;
  std::vector<double> done;
  options.progress = [&](const std::string& at, double share) {
    where.push_back(at);
    done.push_back(share);
  };
  const std::vector<Comparison> comparisons = Compare(options, {TinyRecipe(R"(, "skip": true)")});
  EXPECT_EQ(comparisons.front().teacher.MeanDb(), kInfinity);
  ASSERT_EQ(where.size(), 1u + 2 * 2 * 3);  // a network to load; each of two prompts twice, in three steps
  EXPECT_EQ(where[0], "loading: recipe 1 of 1");
  EXPECT_EQ(where[1], "prompt 1 of 2, recipe 1 of 1, teacher-forced step 1 of 3");
  EXPECT_EQ(where.back(), "prompt 2 of 2, recipe 1 of 1, free step 3 of 3");
  for (std::size_t i = 1; i < done.size(); ++i) EXPECT_DOUBLE_EQ(done[i], static_cast<double>(i - 1) / 12);
  options.load.precisions = {Precision::kW4A4};
  EXPECT_THAT([&] { Compare(options, {}); }, ::testing::ThrowsMessage<BadRequest>(HasSubstr("expected fp32 or bf16")));
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

TEST(ReportTest, TheTableHasALineForEachRecipe) {
  const std::vector<std::string> lines = Split(ComparisonTable(Comparisons()), '\n');
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[0], HasSubstr("RECIPE"));
  EXPECT_THAT(lines[1], ::testing::AllOf(HasSubstr("w8a8"), HasSubstr("8.00")));
  EXPECT_THAT(lines[2], ::testing::AllOf(HasSubstr("narrow"), HasSubstr("4.25")));
  EXPECT_THAT(lines[3], HasSubstr("inf"));
}

TEST(ReportTest, CsvHasTheNumbersUnderTheirHeadings) {
  const std::vector<std::string> lines = Split(ComparisonCsv(Comparisons()), '\n');
  ASSERT_EQ(lines.size(), 5u);
  const std::vector<std::string> headings = Split(lines[0], ',');
  EXPECT_EQ(headings.front(), "recipe");
  EXPECT_EQ(headings.back(), "step_2_db");
  for (std::size_t c = 0; c < Comparisons().size(); ++c) {
    const std::vector<std::string> cells = Split(lines[c + 1], ',');
    ASSERT_EQ(cells.size(), headings.size());
    const auto cell = [&](const char* heading) {
      return std::stod(cells[std::ranges::find(headings, heading) - headings.begin()]);
    };
    const Comparison& comparison = Comparisons()[c];
    EXPECT_EQ(cells[0], comparison.recipe.name);
    if (c == kExact) continue;  // infinity less infinity is not a number
    EXPECT_NEAR(cell("activation_bits"), comparison.bits.activations, 1e-4);
    EXPECT_NEAR(cell("teacher_db"), comparison.teacher.MeanDb(), 1e-4);
    EXPECT_NEAR(cell("latent_pooled_db"), comparison.latent.PooledDb(), 1e-4);
    EXPECT_NEAR(cell("image_psnr_db"), comparison.mean_psnr_db, 1e-4);
    EXPECT_NEAR(cell("step_1_db"), comparison.steps[1].MeanDb(), 1e-4);
  }
}

TEST(ReportTest, JsonReadsBackAsTheSameNumbers) {
  rapidjson::Document json;
  json.Parse<rapidjson::kParseNanAndInfFlag | rapidjson::kParseFullPrecisionFlag>(ComparisonJson(Comparisons()).c_str());
  ASSERT_FALSE(json.HasParseError());
  ASSERT_TRUE(json.IsArray());
  ASSERT_EQ(json.Size(), Comparisons().size());
  for (rapidjson::SizeType c = 0; c < json.Size(); ++c) {
    const Comparison& comparison = Comparisons()[c];
    EXPECT_EQ(json[c]["recipe"].GetString(), comparison.recipe.name);
    EXPECT_EQ(json[c]["prompts"].GetInt(), 2);
    EXPECT_EQ(json[c]["teacher_db"].GetDouble(), comparison.teacher.MeanDb());
    EXPECT_EQ(json[c]["image_db"].GetDouble(), comparison.image.MeanDb());
    ASSERT_EQ(json[c]["teacher_steps_db"].Size(), 3u);
    for (rapidjson::SizeType step = 0; step < 3; ++step) {
      EXPECT_EQ(json[c]["teacher_steps_db"][step].GetDouble(), comparison.steps[step].MeanDb());
    }
  }
}

// The names of a document's elements in order of their beginnings. Fails unless each ends, in order, attributes are quoted and text
// holds no markup.
std::vector<std::string> Elements(const std::string& xml) {
  std::vector<std::string> elements, open;
  std::size_t at = 0;
  while (at < xml.size()) {
    const std::size_t begin = xml.find('<', at), end = xml.find('>', begin);
    EXPECT_EQ(xml.substr(at, begin - at).find('>'), std::string::npos) << "a loose >";
    if (begin == xml.npos) break;
    if (end == xml.npos) ADD_FAILURE() << "a < that is not closed";
    const std::string tag = xml.substr(begin + 1, end - begin - 1);
    EXPECT_EQ(std::ranges::count(tag, '"') % 2, 0) << tag;
    EXPECT_EQ(tag.find('<'), std::string::npos) << tag;
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (name.starts_with('/')) {
      EXPECT_FALSE(open.empty());
      EXPECT_EQ(name.substr(1), open.empty() ? "" : open.back());
      if (!open.empty()) open.pop_back();
    } else {
      elements.push_back(name);
      if (!tag.ends_with('/')) open.push_back(name);
    }
    at = end + 1;
  }
  EXPECT_TRUE(open.empty());
  return elements;
}

TEST(PlotTest, StepsAreALineForEachRecipeAndAPointForEachFiniteStep) {
  const std::string svg = StepsPlot(Comparisons());
  const std::vector<std::string> elements = Elements(svg);
  EXPECT_EQ(elements.front(), "svg");
  EXPECT_EQ(std::ranges::count(elements, "svg"), 1);
  EXPECT_EQ(std::ranges::count(elements, "polyline"), 4);
  EXPECT_EQ(std::ranges::count(elements, "circle"), 9);  // the exact one's three are infinite
  for (const char* name : {"w8a8", "narrow", "&lt;exact&gt;", "smooth", "denoising step", "SQNR, dB"})
    EXPECT_THAT(svg, HasSubstr(name));
}

TEST(PlotTest, HigherValuesAreHigherUpAndLaterOnesFurtherRight) {
  const std::string svg = Plot({.title = "t", .x = "x", .y = "y"}, {{"rising", {1, 2, 3}, {-5, 0, 20}}});
  const std::size_t begin = svg.find("points=\"") + 8;
  std::vector<std::vector<std::string>> points;
  for (const std::string& point : Split(svg.substr(begin, svg.find('"', begin) - begin), ' ')) points.push_back(Split(point, ','));
  ASSERT_EQ(points.size(), 3u);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_GT(std::stod(points[i][0]), std::stod(points[i - 1][0]));
    EXPECT_LT(std::stod(points[i][1]), std::stod(points[i - 1][1]));
  }
}

TEST(PlotTest, TicksStandWhereTheyAreWantedIfTheyHaveRoom) {
  const Axes axes{
      .title = "t", .x = "x", .y = "y", .x_ticks = {{0, "zero", "bits 4"}, {1, "one", "bits 5"}, {64, "many", "bits 6"}}};
  const std::string svg = Plot(axes, {{"line", {0, 1, 64}, {1, 2, 3}}});
  for (const char* text : {">zero<", ">bits 4<", ">many<", ">bits 6<"}) EXPECT_THAT(svg, HasSubstr(text));
  for (const char* text : {">one<", ">bits 5<"}) EXPECT_THAT(svg, Not(HasSubstr(text)));
}

TEST(PlotTest, NothingToShowIsStillAPicture) {
  for (const std::vector<Line>& lines : std::vector<std::vector<Line>>{
           {}, {{"empty", {}, {}}}, {{"infinite", {1, 2}, {kInfinity, kInfinity}}}, {{"one point", {1}, {7}}}}) {
    const std::string svg = Plot({.title = "a < b & c", .x = "x", .y = "y"}, lines);
    const std::vector<std::string> elements = Elements(svg);
    EXPECT_EQ(std::ranges::count(elements, "polyline"), static_cast<std::ptrdiff_t>(lines.size()));
    EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
  }
}

TEST(SweepTest, EveryRecipeCanBeRunAndHasANameOfItsOwn) {
  const quant::Recipe base = quant::Preset("stamp-w4a4");
  for (const std::string& sweep : SweepNames()) {
    const std::vector<quant::Recipe> recipes = Sweep(sweep, base);
    ASSERT_GT(recipes.size(), 1u) << sweep;
    EXPECT_EQ(recipes.front().linear, base.linear);
    std::set<std::string> names;
    for (const quant::Recipe& recipe : recipes) {
      EXPECT_NO_THROW(recipe.Check(recipe.name)) << recipe.name;
      EXPECT_TRUE(names.insert(recipe.name).second) << sweep << " has two of " << recipe.name;
    }
  }
}

TEST(SweepTest, AllIsEverySweepOnce) {
  std::size_t sum = 1;
  for (const std::string& sweep : SweepNames()) sum += sweep == "all" ? 0 : Sweep(sweep, {}).size() - 1;
  EXPECT_EQ(Sweep("all", {}).size(), sum);
}

// The comparison is fair only if transforms spend the same bits.
TEST(SweepTest, TransformsKeepTheBitsAndTheWeights) {
  const quant::Recipe base = quant::Preset("stamp-w4a4");
  for (const quant::Recipe& recipe : Sweep("transforms", base)) {
    quant::LinearRecipe linear = recipe.linear;
    linear.sequence_transform = base.linear.sequence_transform;
    linear.hadamard_block = base.linear.hadamard_block;
    linear.smooth_alpha = base.linear.smooth_alpha;
    EXPECT_EQ(linear, base.linear) << recipe.name;
  }
}

TEST(SweepTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  EXPECT_THAT([] { Sweep("magic", {}); },
              ::testing::ThrowsMessage<BadRequest>(::testing::AllOf(HasSubstr("transforms, locality"), HasSubstr("found magic"))));
}

}  // namespace
}  // namespace stampd::tools
