#include "server/job.h"

#include "server/refusal.h"

namespace stampd::server {

void Job::RequestStop(Stop why) {
  Stop none = Stop::kNone;
  stop_.compare_exchange_strong(none, why);
}

// The deadline first: gRPC cancels a late call too, and the caller should learn which it was.
void Job::ThrowIfStopped(Time now) const {
  if (now >= deadline) throw DeadlinePassed("the deadline passed; work on the request stopped");
  switch (stop_.load()) {
    case Stop::kNone:
      return;
    case Stop::kCancelled:
      throw Cancelled("the caller cancelled the request");
    case Stop::kShutdown:
      throw ShuttingDown("the server is shutting down and had no time left for this request");
  }
}

}  // namespace stampd::server
