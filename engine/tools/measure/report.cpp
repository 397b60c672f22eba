#include "engine/tools/measure/report.h"

#include "engine/tools/csv.h"
#include "engine/tools/json.h"
#include "engine/tools/measure/plot.h"
#include "engine/tools/table.h"

namespace stampd::tools {
namespace {

struct Column {
  const char* heading;
  const char* key;
  double (*of)(const Comparison&);
};

constexpr Column kColumns[] = {
    {"A bits", "activation_bits", [](const Comparison& c) { return c.bits.activations; }},
    {"W bits", "weight_bits", [](const Comparison& c) { return c.bits.weights; }},
    {"teacher", "teacher_db", [](const Comparison& c) { return c.teacher.MeanDb(); }},
    {"pooled", "teacher_pooled_db", [](const Comparison& c) { return c.teacher.PooledDb(); }},
    {"latent", "latent_db", [](const Comparison& c) { return c.latent.MeanDb(); }},
    {"pooled", "latent_pooled_db", [](const Comparison& c) { return c.latent.PooledDb(); }},
    {"image", "image_db", [](const Comparison& c) { return c.image.MeanDb(); }},
    {"PSNR", "image_psnr_db", [](const Comparison& c) { return c.mean_psnr_db; }},
};

std::vector<double> StepsDb(const Comparison& comparison) {
  std::vector<double> steps;
  for (const quant::SqnrAverage& step : comparison.steps) steps.push_back(step.MeanDb());
  return steps;
}

}  // namespace

std::string ComparisonTable(const std::vector<Comparison>& comparisons) {
  std::vector<Table::Column> columns = {{"RECIPE", Table::kLeft}};
  for (const Column& column : kColumns) columns.push_back({column.heading, Table::kRight});
  Table table(std::move(columns));
  for (const Comparison& comparison : comparisons) {
    std::vector<std::string> row = {comparison.recipe.name};
    for (const Column& column : kColumns) row.push_back(Decimal(column.of(comparison), 2));
    table.Add(std::move(row));
  }
  return table.Text();
}

std::string ComparisonCsv(const std::vector<Comparison>& comparisons) {
  std::string text = "recipe";
  for (const Column& column : kColumns) text += std::string(",") + column.key;
  const std::size_t steps = comparisons.empty() ? 0 : comparisons.front().steps.size();
  for (std::size_t step = 0; step < steps; ++step) text += ",step_" + std::to_string(step) + "_db";
  text += "\n";
  for (const Comparison& comparison : comparisons) {
    text += CsvField(comparison.recipe.name);
    for (const Column& column : kColumns) text += "," + Decimal(column.of(comparison), 4);
    for (const double step : StepsDb(comparison)) text += "," + Decimal(step, 4);
    text += "\n";
  }
  return text;
}

std::string ComparisonJson(const std::vector<Comparison>& comparisons) {
  std::vector<Json> recipes;
  for (const Comparison& comparison : comparisons) {
    std::vector<Json::Member> members = {{"recipe", comparison.recipe.name}, {"prompts", comparison.teacher.samples()}};
    for (const Column& column : kColumns) members.emplace_back(column.key, column.of(comparison));
    members.emplace_back("teacher_steps_db", JsonList(StepsDb(comparison)));
    recipes.push_back(Json::Object(members));
  }
  return Json::List(recipes).file_text();
}

std::string StepsPlot(const std::vector<Comparison>& comparisons) {
  std::vector<Line> lines;
  for (const Comparison& comparison : comparisons) {
    Line line{.name = comparison.recipe.name, .x = {}, .y = StepsDb(comparison)};
    for (std::size_t step = 0; step < line.y.size(); ++step) line.x.push_back(static_cast<double>(step + 1));
    lines.push_back(std::move(line));
  }
  return Plot({.title = "Quantized against full precision, teacher-forced", .x = "denoising step", .y = "SQNR, dB"}, lines);
}

}  // namespace stampd::tools
