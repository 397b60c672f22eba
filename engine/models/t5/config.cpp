#include "engine/models/t5/config.h"

#include <optional>
#include <string>

#include "engine/base/error.h"

namespace stampd::models::t5 {
namespace {

[[noreturn]] void Fail(const io::Config& config, const std::string& key, const std::string& expected, const std::string& found) {
  throw Broken("[t5] " + config.file() + ": " + key + ": expected " + expected + ", found " + found);
}

// No product of three sizes below this leaves 64 bits.
constexpr std::int64_t kMaxSize = 1 << 20;

std::int64_t Size(const io::Config& config, const std::string& key, std::optional<std::int64_t> fallback = {}) {
  const std::int64_t size = config.Int(key, fallback);
  if (size < 1 || size > kMaxSize) Fail(config, key, "1 … " + std::to_string(kMaxSize), std::to_string(size));
  return size;
}

void CheckKind(const io::Config& config) {
  const std::string model = config.String("model_type", "t5");
  if (model != "t5") Fail(config, "model_type", "\"t5\"", '"' + model + '"');
  const std::string feed_forward = config.String("feed_forward_proj", "relu");  // absent: the first T5, which had no gate
  if (feed_forward != "gated-gelu") Fail(config, "feed_forward_proj", "\"gated-gelu\"", '"' + feed_forward + '"');
}

}  // namespace

T5Config ReadConfig(const io::Config& config) {
  CheckKind(config);
  const T5Config read{
      .vocabulary = Size(config, "vocab_size"),
      .width = Size(config, "d_model"),
      .heads = Size(config, "num_heads"),
      .head_width = Size(config, "d_kv"),
      .hidden_width = Size(config, "d_ff"),
      .blocks = Size(config, "num_layers"),
      .position_buckets = Size(config, "relative_attention_num_buckets", 32),
      .position_max_distance = Size(config, "relative_attention_max_distance", 128),
      .norm_epsilon = config.Double("layer_norm_epsilon", 1e-6),
  };
  const std::int64_t buckets = read.position_buckets;
  if (buckets % 4 != 0) Fail(config, "relative_attention_num_buckets", "a multiple of 4", std::to_string(buckets));
  if (read.position_max_distance <= buckets / 4) {
    Fail(config, "relative_attention_max_distance", "more than " + std::to_string(buckets / 4),
         std::to_string(read.position_max_distance));
  }
  if (!(read.norm_epsilon > 0 && read.norm_epsilon < 1)) {
    Fail(config, "layer_norm_epsilon", "between 0 and 1", std::to_string(read.norm_epsilon));
  }
  return read;
}

}  // namespace stampd::models::t5
