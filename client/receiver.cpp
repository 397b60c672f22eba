#include "client/receiver.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

#include "client/output_files.h"
#include "client/sha256.h"

namespace stampd::client {
namespace {

Terminal Quiet(Terminal terminal, bool quiet) {
  terminal.interactive = terminal.interactive && !quiet;
  return terminal;
}

std::string Named(const v1::Image& image) { return "picture " + std::to_string(image.index()); }

void CheckData(const v1::Image& image) {
  const std::string found = Sha256Hex(image.data());
  if (found != image.sha256()) throw std::runtime_error(Named(image) + ": expected SHA-256 " + image.sha256() + ", found " + found);
}

SavedImage WithoutData(const std::filesystem::path& path, const v1::Image& image) {
  SavedImage saved{path, image, image.data().size()};
  saved.facts.clear_data();
  return saved;
}

}  // namespace

Receiver::Receiver(std::filesystem::path output, int count, bool quiet, const Console& console)
    : output_(std::move(output)), count_(count), console_(console), status_line_(console.err, Quiet(console.terminal, quiet)) {}

void Receiver::Take(const v1::GenerateEvent& event) {
  switch (event.event_case()) {
    case v1::GenerateEvent::kAccepted:
      tracker_.Accepted(event.accepted());
      return status_line_.Draw(tracker_.state());
    case v1::GenerateEvent::kProgress:
      tracker_.Progressed(event.progress(), ProgressTracker::Clock::now());
      return status_line_.Draw(tracker_.state());
    case v1::GenerateEvent::kPreview:
      return SavePreview(event.preview());
    case v1::GenerateEvent::kImage:
      return Save(event.image());
    case v1::GenerateEvent::kDone:
      done_ = event.done();
      is_done_ = true;
      return status_line_.Clear();
    case v1::GenerateEvent::EVENT_NOT_SET:
      return;  // a newer server's news
  }
}

void Receiver::Save(const v1::Image& image) {
  if (image.index() < 0 || image.index() >= count_)
    throw std::runtime_error("the server sent " + Named(image) + ", which nobody asked for");
  CheckData(image);
  const std::filesystem::path path = output_ == "-" ? output_ : ImagePath(output_, image.index(), count_);
  if (output_ == "-") {
    status_line_.Clear();
    console_.out.write(image.data().data(), static_cast<std::streamsize>(image.data().size())).flush();
    if (!console_.out) throw std::runtime_error("cannot write to standard output");
  } else {
    WriteWhole(path, image.data());
  }
  images_.push_back(WithoutData(path, image));
  std::sort(images_.begin(), images_.end(), [](const auto& a, const auto& b) { return a.facts.index() < b.facts.index(); });
}

void Receiver::SavePreview(const v1::Preview& preview) {
  const std::filesystem::path image = ImagePath(output_, preview.image().index(), count_);
  WriteWhole(PreviewPath(image, preview.step()), preview.image().data());
}

void Receiver::CheckComplete() const {
  if (!is_done_) throw std::runtime_error("the server ended the stream without `done`");
  if (static_cast<int>(images_.size()) != count_) {
    throw std::runtime_error("expected " + std::to_string(count_) + " pictures, the server sent " + std::to_string(images_.size()));
  }
}

}  // namespace stampd::client
