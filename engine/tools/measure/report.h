#pragma once

#include <string>
#include <vector>

#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// What Compare found, under the recipes' own names: for people, for spreadsheets, for programs. Each number is what Comparison
/// says, in bits or decibels:
///
///   A bits, W bits    activation_bits, weight_bits            bits
///   teacher, pooled   teacher_db, teacher_pooled_db           teacher: mean of the prompts' decibels, pooled
///   latent, pooled    latent_db, latent_pooled_db             latent: the same
///   image             image_db                                image: mean of the prompts' decibels
///   PSNR              image_psnr_db                           mean_psnr_db
///                     step_0_db …, teacher_steps_db (JSON)    steps: mean of the prompts' decibels
std::string ComparisonTable(const std::vector<Comparison>& comparisons);
std::string ComparisonCsv(const std::vector<Comparison>& comparisons);
std::string ComparisonJson(const std::vector<Comparison>& comparisons);

/// Teacher-forced SQNR over the steps, a line for each comparison, as SVG.
std::string StepsPlot(const std::vector<Comparison>& comparisons);

}  // namespace stampd::tools
