#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace stampd::text {

/// A SentencePiece model (https://github.com/google/sentencepiece), and the one door to that library: its header can't stand beside
/// gRPC's, so nothing of it shows here. Immutable and thread-safe.
class SentencePiece {
 public:
  /// Broken, naming the file and what the library says, if it is not a model.
  explicit SentencePiece(const std::filesystem::path& file);
  ~SentencePiece();
  SentencePiece(const SentencePiece&) = delete;
  SentencePiece& operator=(const SentencePiece&) = delete;

  /// Appends the ids of the most probable segmentation of `text` (UTF-8), which is normalised as the model says first.
  void Encode(std::string_view text, std::vector<std::int64_t>& ids) const;

  int size() const;  // pieces
  std::optional<std::int64_t> Find(std::string_view piece) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stampd::text
