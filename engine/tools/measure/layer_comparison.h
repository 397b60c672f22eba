#pragma once

#include <string>
#include <vector>

#include "engine/quant/sqnr.h"
#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// One linear, alone: what quantizing it does to its output when its input is full precision's own.
struct LayerComparison {
  std::string name;           // of the first of the linears that are computed at once
  quant::SqnrAverage output;  // over forwards
  double high_energy = 0;     // mean share of the transformed input's energy that lies in the high tokens
  double high_tokens = 0;     // mean share of the tokens that are high
};

/// In the network's order; linears that the recipe skips are left out. Broken as Compare.
std::vector<LayerComparison> CompareLayers(const CompareOptions& options, const quant::Recipe& recipe);

std::string LayerTable(const std::vector<LayerComparison>& layers);
std::string LayerCsv(const std::vector<LayerComparison>& layers);

}  // namespace stampd::tools
