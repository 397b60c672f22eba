#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <torch/types.h>

#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"

namespace stampd::testing {

using NamedTensors = std::map<std::string, torch::Tensor>;

/// All tensors of `folder`/`stem`.safetensors, to change and write again.
inline NamedTensors ReadTensors(const std::filesystem::path& folder, const std::string& stem) {
  const auto archive = io::TensorArchive::Open(folder, stem);
  NamedTensors tensors;
  for (const io::TensorRecord& record : archive->tensors()) tensors[record.name] = layers::AsTensor(record, archive);
  return tensors;
}

inline std::string SafetensorsName(torch::ScalarType dtype) {
  static const std::map<torch::ScalarType, std::string> kNames = {{torch::kFloat64, "F64"}, {torch::kFloat32, "F32"},
                                                                  {torch::kFloat16, "F16"}, {torch::kBFloat16, "BF16"},
                                                                  {torch::kInt64, "I64"},   {torch::kUInt8, "U8"}};
  return kNames.at(dtype);
}

/// Writes `tensors` as one safetensors file, by name and without a gap: those behind narrower ones may lie unaligned.
inline void WriteTensors(const NamedTensors& tensors, const std::filesystem::path& file) {
  std::string header = "{";
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    std::string shape;
    for (const std::int64_t size : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    const std::size_t begin = data.size();
    const torch::Tensor packed = tensor.contiguous();
    data.append(static_cast<const char*>(packed.const_data_ptr()), packed.nbytes());
    header += (header.size() == 1 ? "\"" : ",\"") + name + R"(":{"dtype":")" + SafetensorsName(tensor.scalar_type()) +
              R"(","shape":[)" + shape + R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header << data;
}

}  // namespace stampd::testing
