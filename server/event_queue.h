#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "stampd/v1/text_to_image.pb.h"

namespace stampd::server {

/// What is still to be sent to one reader. Bounded however slow the reader is: of progress only the newest waits, of previews the
/// newest of each picture; everything else is kept. Numbers events as they come, so that a gap tells the reader what it missed. Not
/// thread-safe.
class EventQueue {
 public:
  void Push(v1::GenerateEvent event);
  std::optional<v1::GenerateEvent> Pop();

 private:
  std::deque<v1::GenerateEvent> events_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace stampd::server
