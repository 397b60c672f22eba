#pragma once

#include <string_view>

namespace stampd {

/// What one diffusers pipeline class fixes, beyond its networks.
struct Family {
  std::string_view pipeline_class;
  int default_steps = 20;
  double default_guidance_scale = 4.5;
  int max_prompt_tokens = 300;
  bool default_clean_caption = false;
  /// The reference draws the noise in the text encoder's dtype, not in fp32: another random stream, hence another picture.
  bool noise_in_text_dtype = false;
  /// Trained with an instruction before each positive prompt (instruction.h).
  bool reads_instruction = false;
};

/// Broken, naming the class and those that are hosted, if stampd does not host `pipeline_class`.
const Family& FindFamily(std::string_view pipeline_class);

}  // namespace stampd
