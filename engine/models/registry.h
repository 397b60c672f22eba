#pragma once

#include <memory>

#include <torch/types.h>

#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/models/networks.h"

namespace stampd::models {

/// The list of networks: each Load… picks by the component's class and throws Broken, naming the class and those that are
/// supported, for any other. `dtype` is what the network computes in.
/// `quantization`: of the linears in the encoder's blocks or over the denoiser's image tokens, or null. With a recipe for weights
/// that the component holds as they were prepared, it must be the recipe that they were prepared by.
std::unique_ptr<TextEncoder> LoadTextEncoder(const io::Component& component, torch::ScalarType dtype, torch::Device device,
                                             const layers::Quantization* quantization = nullptr);
std::unique_ptr<Denoiser> LoadDenoiser(const io::Component& component, torch::ScalarType dtype, torch::Device device,
                                       const layers::Quantization* quantization = nullptr);
std::unique_ptr<Autoencoder> LoadAutoencoder(const io::Component& component, torch::ScalarType dtype, torch::Device device);

}  // namespace stampd::models
