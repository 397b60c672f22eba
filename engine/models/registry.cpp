#include "engine/models/registry.h"

#include <array>
#include <string>

#include "engine/base/error.h"
#include "engine/models/autoencoder_dc/model.h"
#include "engine/models/autoencoder_kl/model.h"
#include "engine/models/gemma2/model.h"
#include "engine/models/pixart/transformer.h"
#include "engine/models/sana/transformer.h"
#include "engine/models/t5/model.h"

namespace stampd::models {
namespace {

template <typename Network, typename... Options>
struct Entry {
  std::string_view class_name;
  std::unique_ptr<Network> (*load)(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device, Options...);
};

using TextEncoderEntry = Entry<TextEncoder, const layers::Quantization*>;
using DenoiserEntry = Entry<Denoiser, const layers::Quantization*>;

// LibTorch has no fast fp16 convolution on CPUs (three orders of magnitude under fp32), so there decoders compute in fp32.
template <auto LoadNetwork>
std::unique_ptr<Autoencoder> LoadDecoder(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device) {
  if (device.is_cpu() && dtype == torch::kFloat16) dtype = torch::kFloat32;
  return LoadNetwork(folder, dtype, device, {});
}

// Gemma 2 was trained in bf16, and its hidden states may leave fp16's range: beside an fp16 transformer it computes in bf16.
std::unique_ptr<TextEncoder> LoadGemma2(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                        const layers::Quantization* quantization) {
  return LoadGemma2Encoder(folder, dtype == torch::kFloat16 ? torch::kBFloat16 : dtype, device, quantization);
}

constexpr std::array kTextEncoders = {TextEncoderEntry{"T5EncoderModel", LoadT5Encoder},
                                      TextEncoderEntry{"Gemma2Model", LoadGemma2},
                                      TextEncoderEntry{"Gemma2ForCausalLM", LoadGemma2}};
// "Transformer2DModel" is what PixArt's transformer was called when its checkpoints were written.
constexpr std::array kDenoisers = {DenoiserEntry{"PixArtTransformer2DModel", LoadPixArtTransformer},
                                   DenoiserEntry{"Transformer2DModel", LoadPixArtTransformer},
                                   DenoiserEntry{"SanaTransformer2DModel", LoadSanaTransformer}};
constexpr std::array kAutoencoders = {Entry<Autoencoder>{"AutoencoderKL", LoadDecoder<LoadAutoencoderKL>},
                                      Entry<Autoencoder>{"AutoencoderDC", LoadDecoder<LoadAutoencoderDC>}};

template <typename Network, typename... Options>
std::unique_ptr<Network> Load(const auto& entries, const io::Component& component, torch::ScalarType dtype, torch::Device device,
                              Options... options) {
  std::string known;
  for (const Entry<Network, Options...>& entry : entries) {
    if (entry.class_name == component.class_name) return entry.load(component.folder, dtype, device, options...);
    known += (known.empty() ? "" : ", ") + std::string(entry.class_name);
  }
  throw Broken("[pipeline] model_index.json: " + component.name + ": expected one of " + known + ", found " + component.class_name);
}

}  // namespace

std::unique_ptr<TextEncoder> LoadTextEncoder(const io::Component& component, torch::ScalarType dtype, torch::Device device,
                                             const layers::Quantization* quantization) {
  return Load<TextEncoder>(kTextEncoders, component, dtype, device, quantization);
}

std::unique_ptr<Denoiser> LoadDenoiser(const io::Component& component, torch::ScalarType dtype, torch::Device device,
                                       const layers::Quantization* quantization) {
  return Load<Denoiser>(kDenoisers, component, dtype, device, quantization);
}

std::unique_ptr<Autoencoder> LoadAutoencoder(const io::Component& component, torch::ScalarType dtype, torch::Device device) {
  return Load<Autoencoder>(kAutoencoders, component, dtype, device);
}

}  // namespace stampd::models
