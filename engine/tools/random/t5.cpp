#include <cmath>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr std::int64_t kBuckets = 32;
constexpr double kIntoResidual = 0.5;
constexpr double kPositionBias = 0.5;

std::string Config(const T5Shape& shape, io::DType dtype) {
  return Json::Object({{"architectures", Json::List({"T5EncoderModel"})},
                       {"classifier_dropout", 0.0},
                       {"d_ff", shape.d_ff},
                       {"d_kv", shape.d_kv},
                       {"d_model", shape.d_model},
                       {"decoder_start_token_id", 0},
                       {"dense_act_fn", "gelu_new"},
                       {"dropout_rate", 0.1},
                       {"eos_token_id", 1},
                       {"feed_forward_proj", "gated-gelu"},
                       {"initializer_factor", 1.0},
                       {"is_encoder_decoder", true},
                       {"is_gated_act", true},
                       {"layer_norm_epsilon", 1e-6},
                       {"model_type", "t5"},
                       {"num_decoder_layers", shape.num_layers},
                       {"num_heads", shape.num_heads},
                       {"num_layers", shape.num_layers},
                       {"output_past", true},
                       {"pad_token_id", 0},
                       {"relative_attention_max_distance", 128},
                       {"relative_attention_num_buckets", kBuckets},
                       {"tie_word_embeddings", false},
                       {"torch_dtype", TorchName(dtype)},
                       {"use_cache", true},
                       {"vocab_size", shape.vocab_size}})
      .file_text();
}

void AddBlock(TensorList& list, const T5Shape& shape, std::int64_t index) {
  const std::string name = "encoder.block." + std::to_string(index);
  const std::string attention = name + ".layer.0.SelfAttention";
  const std::int64_t inner = shape.num_heads * shape.d_kv;
  // T5 does not divide its scores by sqrt(d_kv); its queries are that much smaller instead.
  list.Matrix(attention + ".q.weight", inner, shape.d_model, 1 / std::sqrt(static_cast<double>(shape.d_kv)));
  list.Matrix(attention + ".k.weight", inner, shape.d_model);
  list.Matrix(attention + ".v.weight", inner, shape.d_model);
  list.Matrix(attention + ".o.weight", shape.d_model, inner, kIntoResidual);
  if (index == 0) list.Tensor(attention + ".relative_attention_bias.weight", {kBuckets, shape.num_heads}, kPositionBias);
  list.Scale(name + ".layer.0.layer_norm", shape.d_model);
  list.Matrix(name + ".layer.1.DenseReluDense.wi_0.weight", shape.d_ff, shape.d_model);
  list.Matrix(name + ".layer.1.DenseReluDense.wi_1.weight", shape.d_ff, shape.d_model);
  list.Matrix(name + ".layer.1.DenseReluDense.wo.weight", shape.d_model, shape.d_ff, kIntoResidual);
  list.Scale(name + ".layer.1.layer_norm", shape.d_model);
}

std::vector<RandomTensor> Tensors(const T5Shape& shape) {
  TensorList list;
  list.Tensor("shared.weight", {shape.vocab_size, shape.d_model}, 1);
  for (std::int64_t i = 0; i < shape.num_layers; ++i) AddBlock(list, shape, i);
  list.Scale("encoder.final_layer_norm", shape.d_model);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanT5(const T5Shape& shape, io::DType dtype) {
  return {.name = "text_encoder",
          .library = "transformers",
          .class_name = "T5EncoderModel",
          .files = {{"config.json", Config(shape, dtype)}},
          .tensors = Tensors(shape),
          .stem = "model"};
}

}  // namespace stampd::tools
