#pragma once

#include <string>
#include <vector>

#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// What Compare found: for people, for spreadsheets, for programs. Decibels; means over prompts unless a column says pooled.
std::string ComparisonTable(const std::vector<Comparison>& comparisons);
std::string ComparisonCsv(const std::vector<Comparison>& comparisons);
std::string ComparisonJson(const std::vector<Comparison>& comparisons);

/// Teacher-forced SQNR over the steps, a line for each comparison, as SVG.
std::string StepsPlot(const std::vector<Comparison>& comparisons);

}  // namespace stampd::tools
