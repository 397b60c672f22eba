#include "server/event_queue.h"

#include <utility>

namespace stampd::server {
namespace {

bool Replaces(const v1::GenerateEvent& newer, const v1::GenerateEvent& older) {
  if (newer.event_case() != older.event_case()) return false;
  if (newer.has_progress()) return true;
  return newer.has_preview() && newer.preview().image().index() == older.preview().image().index();
}

}  // namespace

void EventQueue::Push(v1::GenerateEvent event) {
  std::erase_if(events_, [&](const v1::GenerateEvent& older) { return Replaces(event, older); });
  event.set_sequence(next_sequence_++);
  events_.push_back(std::move(event));
}

std::optional<v1::GenerateEvent> EventQueue::Pop() {
  if (events_.empty()) return std::nullopt;
  v1::GenerateEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace stampd::server
