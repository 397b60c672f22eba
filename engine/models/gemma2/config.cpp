#include "engine/models/gemma2/config.h"

#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::models::gemma2 {
namespace {

[[noreturn]] void Fail(const io::Config& config, const std::string& key, const std::string& expected, const std::string& found) {
  throw Broken("[gemma2] " + config.file() + ": " + key + ": expected " + expected + ", found " + found);
}

// No product of three sizes below this leaves 64 bits.
constexpr std::int64_t kMaxSize = 1 << 20;

std::int64_t Size(const io::Config& config, const std::string& key, std::optional<std::int64_t> fallback = {}) {
  const std::int64_t size = config.Int(key, fallback);
  if (size < 1 || size > kMaxSize) Fail(config, key, "1 … " + std::to_string(kMaxSize), std::to_string(size));
  return size;
}

double Positive(const io::Config& config, const std::string& key, double value) {
  if (!(value > 0 && std::isfinite(value))) Fail(config, key, "a positive number", io::NumberText(value));
  return value;
}

void CheckKind(const io::Config& config) {
  const std::string model = config.String("model_type", "gemma2");
  if (model != "gemma2") Fail(config, "model_type", "\"gemma2\"", '"' + model + '"');
  const std::string activation = config.String("hidden_activation", "gelu_pytorch_tanh");
  if (activation != "gelu_pytorch_tanh") Fail(config, "hidden_activation", "\"gelu_pytorch_tanh\"", '"' + activation + '"');
  for (const char* key : {"attention_bias", "use_bidirectional_attention"}) {
    if (config.Bool(key, false)) Fail(config, key, "false", "true");
  }
}

// transformers 5 keeps it in an object of its own, which may also ask for stretched positions.
double RotaryBase(const io::Config& config) {
  for (const std::string object : {"rope_parameters", "rope_scaling"}) {
    const io::Config rotary = config.Object(object);
    const std::string type = rotary.String("rope_type", rotary.String("type", "default"));
    if (type != "default") Fail(config, object + ".rope_type", "\"default\"", '"' + type + '"');
  }
  const double base = config.Object("rope_parameters").Double("rope_theta", config.Double("rope_theta", 10000));
  return Positive(config, "rope_theta", base);
}

std::vector<bool> LayersThatSlide(const io::Config& config, std::int64_t layers) {
  std::vector<bool> slide;
  const std::vector<std::string> types = config.Strings("layer_types", std::vector<std::string>{});
  if (types.empty()) {  // older configs: every other one
    for (std::int64_t i = 0; i < layers; ++i) slide.push_back(i % 2 == 0);
    return slide;
  }
  if (static_cast<std::int64_t>(types.size()) != layers) {
    Fail(config, "layer_types", std::to_string(layers) + " layers", std::to_string(types.size()));
  }
  for (const std::string& type : types) {
    slide.push_back(type == "sliding_attention");
    if (!slide.back() && type != "full_attention") {
      Fail(config, "layer_types", "\"sliding_attention\" or \"full_attention\"", io::Quote(type));
    }
  }
  return slide;
}

// Absent: what the published models have; null: none.
std::optional<double> ScoreCap(const io::Config& config) {
  const char* const key = "attn_logit_softcapping";
  if (!config.Has(key)) return 50;
  const std::optional<double> cap = config.OptionalDouble(key);
  return cap ? std::optional(Positive(config, key, *cap)) : std::nullopt;
}

}  // namespace

Gemma2Config ReadConfig(const io::Config& config) {
  CheckKind(config);
  Gemma2Config read{
      .vocabulary = Size(config, "vocab_size"),
      .width = Size(config, "hidden_size"),
      .heads = Size(config, "num_attention_heads"),
      .key_value_heads = Size(config, "num_key_value_heads"),
      .head_width = Size(config, "head_dim"),
      .hidden_width = Size(config, "intermediate_size"),
      .norm_epsilon = Positive(config, "rms_norm_eps", config.Double("rms_norm_eps", 1e-6)),
      .rotary_base = RotaryBase(config),
      .score_scale = 1 / std::sqrt(Positive(config, "query_pre_attn_scalar", config.Double("query_pre_attn_scalar", 256))),
      .score_cap = ScoreCap(config),
      .sliding_window = Size(config, "sliding_window", 4096),
      .layers_that_slide = LayersThatSlide(config, Size(config, "num_hidden_layers")),
  };
  if (read.heads % read.key_value_heads != 0) {
    Fail(config, "num_key_value_heads", "a divisor of the " + std::to_string(read.heads) + " heads",
         std::to_string(read.key_value_heads));
  }
  if (read.head_width % 2 != 0) Fail(config, "head_dim", "an even number", std::to_string(read.head_width));
  return read;
}

}  // namespace stampd::models::gemma2
