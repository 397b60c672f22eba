#include "server/status.h"

#include <new>
#include <vector>

#include <google/protobuf/duration.pb.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/quote.h"
#include "server/refusal.h"
#include "server/status_name.h"

namespace stampd::server {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Trailers together may be 8 KiB by default, and the message travels twice.
constexpr std::size_t kMaxMessageBytes = 500;

/// Collects code, message and details.
class FailureBuilder {
 public:
  FailureBuilder(grpc::StatusCode code, const std::string& reason, const std::string& message, const std::string& request_id)
      : code_(code) {
    status_.set_code(code);
    status_.set_message(message.substr(0, CharacterBoundary(message, kMaxMessageBytes)));
    google::rpc::ErrorInfo info;
    info.set_reason(reason);
    info.set_domain("stampd");
    Add(info);
    google::rpc::RequestInfo request;
    request.set_request_id(request_id);
    Add(request);
  }

  template <typename Detail>
  FailureBuilder& Add(const Detail& detail) {
    status_.add_details()->PackFrom(detail);
    return *this;
  }

  FailureBuilder& RetryAfter(milliseconds delay) {
    retry_after_ = delay;
    google::rpc::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(delay / 1s);
    info.mutable_retry_delay()->set_nanos(static_cast<int>((delay % 1s) / 1ns));
    return Add(info);
  }

  Failure Build() const { return {grpc::Status(code_, status_.message(), status_.SerializeAsString()), retry_after_}; }

 private:
  grpc::StatusCode code_;
  google::rpc::Status status_;
  std::optional<milliseconds> retry_after_;
};

google::rpc::BadRequest Violations(const BadRequest& error) {
  google::rpc::BadRequest detail;
  for (const FieldViolation& violation : error.violations()) {
    auto* proto = detail.add_field_violations();
    proto->set_field(violation.field);
    proto->set_description(violation.description);
  }
  return detail;
}

google::rpc::ResourceInfo Model(const std::string& name, const std::string& description) {
  google::rpc::ResourceInfo detail;
  detail.set_resource_type("model");
  detail.set_resource_name(name.substr(0, CharacterBoundary(name, 200)));
  detail.set_description(description);
  return detail;
}

google::rpc::QuotaFailure Quota(const std::string& subject, const std::string& description) {
  google::rpc::QuotaFailure detail;
  detail.add_violations()->set_subject(subject);
  detail.mutable_violations(0)->set_description(description);
  return detail;
}

google::rpc::PreconditionFailure Precondition(const PrecisionNotLoaded& error) {
  google::rpc::PreconditionFailure detail;
  auto* violation = detail.add_violations();
  violation->set_type("PRECISION");
  violation->set_subject("model/" + error.model());
  violation->set_description(error.what());
  return detail;
}

Failure OutOfMemory(const std::string& id) {
  const std::string message = "there is no memory for this request now; a smaller one, or a later one, may fit";
  return FailureBuilder(grpc::RESOURCE_EXHAUSTED, "NO_CAPACITY", message, id).Add(Quota("memory", message)).RetryAfter(1s).Build();
}

}  // namespace

Failure ToFailure(const std::exception_ptr& error, const std::string& id) {
  try {
    std::rethrow_exception(error);
  } catch (const BeyondLimit& e) {
    return FailureBuilder(grpc::OUT_OF_RANGE, "BEYOND_LIMIT", e.what(), id).Add(Violations(e)).Build();
  } catch (const BadRequest& e) {
    return FailureBuilder(grpc::INVALID_ARGUMENT, "BAD_REQUEST", e.what(), id).Add(Violations(e)).Build();
  } catch (const UnknownModel& e) {
    return FailureBuilder(grpc::NOT_FOUND, "UNKNOWN_MODEL", e.what(), id).Add(Model(e.name(), e.what())).Build();
  } catch (const PrecisionNotLoaded& e) {
    return FailureBuilder(grpc::FAILED_PRECONDITION, "PRECISION_NOT_LOADED", e.what(), id).Add(Precondition(e)).Build();
  } catch (const QueueFull& e) {
    return FailureBuilder(grpc::RESOURCE_EXHAUSTED, "QUEUE_FULL", e.what(), id)
        .Add(Quota("queue", e.what()))
        .RetryAfter(e.retry_after())
        .Build();
  } catch (const NoCapacity&) {
    return OutOfMemory(id);
  } catch (const std::bad_alloc&) {
    return OutOfMemory(id);
  } catch (const ShuttingDown& e) {
    return FailureBuilder(grpc::UNAVAILABLE, "SHUTTING_DOWN", e.what(), id).RetryAfter(1s).Build();
  } catch (const Cancelled& e) {
    return FailureBuilder(grpc::CANCELLED, "CANCELLED", e.what(), id).Build();
  } catch (const DeadlinePassed& e) {
    return FailureBuilder(grpc::DEADLINE_EXCEEDED, "DEADLINE_PASSED", e.what(), id).Build();
  } catch (...) {
    return FailureBuilder(grpc::INTERNAL, "BROKEN", "the server failed at this request; its log says why", id).Build();
  }
}

std::string Describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace stampd::server
