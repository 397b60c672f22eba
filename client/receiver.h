#pragma once

#include <filesystem>
#include <vector>

#include "client/console.h"
#include "client/progress_tracker.h"
#include "client/summary.h"

namespace stampd::client {

/// Takes the events of one GenerateStream call as they come: draws progress, writes pictures and previews to their files.
class Receiver {
 public:
  /// `output` "-" writes the only picture to `console.out`.
  Receiver(std::filesystem::path output, int count, bool quiet, const Console& console);

  /// Throws std::runtime_error if the event breaks the contract or its picture can't be written.
  void Take(const v1::GenerateEvent& event);

  /// Leaves the terminal's line clean for other text.
  void EndLine() { status_line_.Clear(); }

  /// To be called after the last event of a call that went well. Throws std::runtime_error if a picture is missing.
  void CheckComplete() const;

  /// In the order of their indices.
  const std::vector<SavedImage>& images() const { return images_; }
  const v1::Done& done() const { return done_; }

 private:
  void Save(const v1::Image& image);
  void SavePreview(const v1::Preview& preview);

  std::filesystem::path output_;
  int count_;
  Console console_;
  StatusLine status_line_;
  ProgressTracker tracker_;
  std::vector<SavedImage> images_;
  v1::Done done_;
  bool is_done_ = false;
};

}  // namespace stampd::client
