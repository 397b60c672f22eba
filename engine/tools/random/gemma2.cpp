#include <cmath>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr double kIntoResidual = 0.5;
constexpr double kNorm = 0.1;

std::string Config(const Gemma2Shape& shape, io::DType dtype) {
  return Json::Object({{"architectures", Json::List({"Gemma2Model"})},
                       {"attention_bias", false},
                       {"attention_dropout", 0.0},
                       {"attn_logit_softcapping", 50.0},
                       {"bos_token_id", 2},
                       {"cache_implementation", "hybrid"},
                       {"eos_token_id", 1},
                       {"final_logit_softcapping", 30.0},
                       {"head_dim", shape.head_dim},
                       {"hidden_act", "gelu_pytorch_tanh"},
                       {"hidden_activation", "gelu_pytorch_tanh"},
                       {"hidden_size", shape.hidden_size},
                       {"initializer_range", 0.02},
                       {"intermediate_size", shape.intermediate_size},
                       {"max_position_embeddings", 8192},
                       {"model_type", "gemma2"},
                       {"num_attention_heads", shape.num_attention_heads},
                       {"num_hidden_layers", shape.num_hidden_layers},
                       {"num_key_value_heads", shape.num_key_value_heads},
                       {"pad_token_id", 0},
                       {"query_pre_attn_scalar", shape.head_dim},
                       {"rms_norm_eps", 1e-6},
                       {"rope_theta", 10000.0},
                       {"sliding_window", 4096},
                       {"torch_dtype", TorchName(dtype)},
                       {"use_cache", true},
                       {"vocab_size", shape.vocab_size}})
      .file_text();
}

// Gemma multiplies by 1 + weight.
void AddNorm(TensorList& list, const std::string& name, const Gemma2Shape& shape) {
  list.Tensor(name + ".weight", {shape.hidden_size}, kNorm);
}

void AddLayer(TensorList& list, const std::string& name, const Gemma2Shape& shape) {
  const std::int64_t queries = shape.num_attention_heads * shape.head_dim;
  const std::int64_t keys = shape.num_key_value_heads * shape.head_dim;
  AddNorm(list, name + ".input_layernorm", shape);
  list.Matrix(name + ".self_attn.q_proj.weight", queries, shape.hidden_size);
  list.Matrix(name + ".self_attn.k_proj.weight", keys, shape.hidden_size);
  list.Matrix(name + ".self_attn.v_proj.weight", keys, shape.hidden_size);
  list.Matrix(name + ".self_attn.o_proj.weight", shape.hidden_size, queries, kIntoResidual);
  AddNorm(list, name + ".post_attention_layernorm", shape);
  AddNorm(list, name + ".pre_feedforward_layernorm", shape);
  list.Matrix(name + ".mlp.gate_proj.weight", shape.intermediate_size, shape.hidden_size);
  list.Matrix(name + ".mlp.up_proj.weight", shape.intermediate_size, shape.hidden_size);
  list.Matrix(name + ".mlp.down_proj.weight", shape.hidden_size, shape.intermediate_size, kIntoResidual);
  AddNorm(list, name + ".post_feedforward_layernorm", shape);
}

std::vector<RandomTensor> Tensors(const Gemma2Shape& shape) {
  TensorList list;
  // Gemma multiplies embeddings by the square root of their width.
  list.Tensor("embed_tokens.weight", {shape.vocab_size, shape.hidden_size}, 1 / std::sqrt(static_cast<double>(shape.hidden_size)));
  for (std::int64_t i = 0; i < shape.num_hidden_layers; ++i) AddLayer(list, "layers." + std::to_string(i), shape);
  AddNorm(list, "norm", shape);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanGemma2(const Gemma2Shape& shape, io::DType dtype) {
  return {.name = "text_encoder",
          .library = "transformers",
          .class_name = "Gemma2Model",
          .files = {{"config.json", Config(shape, dtype)}},
          .tensors = Tensors(shape),
          .stem = "model"};
}

}  // namespace stampd::tools
