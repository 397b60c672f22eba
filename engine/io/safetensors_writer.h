#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/io/dtype.h"

namespace stampd::io {

/// A tensor that is to be written: all but its bytes.
struct TensorSpec {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
};

std::uint64_t ElementCount(const TensorSpec& spec);
std::uint64_t ByteCount(const TensorSpec& spec);

/// Writes a safetensors file of any size piece by piece, from any number of threads.
///
/// The file appears under its name when `Finish` returns, whole, or not at all: until then it is NAME.part. As the reference
/// writer does, tensors with wider elements come first, so that all are aligned. Names must be unique and shapes sane; what the
/// disk refuses throws Broken with the path.
class SafetensorsWriter {
 public:
  SafetensorsWriter(std::filesystem::path file, std::vector<TensorSpec> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  std::span<const TensorSpec> tensors() const { return tensors_; }  // in the order given

  /// Bytes of `tensors()[tensor]` from `offset`, little-endian. Thread-safe for ranges that do not overlap.
  void Write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes);

  void Finish();

 private:
  void WriteAt(std::uint64_t offset, std::span<const std::byte> bytes);

  std::filesystem::path file_;
  std::filesystem::path part_;
  std::vector<TensorSpec> tensors_;
  std::vector<std::uint64_t> starts_;  // where each begins in the file
  int descriptor_ = -1;
};

}  // namespace stampd::io
