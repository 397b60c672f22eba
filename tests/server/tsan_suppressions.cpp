// What ThreadSanitizer is not to report, asked by its runtime at start. Linked into sanitized builds only.
//
// Debian's gRPC, Abseil and civetweb are not instrumented: their locks and atomics are invisible, so whatever passes through them
// looks like a race, our own reactions to calls included. The scheduler, the log and the queues have tests without gRPC, where
// nothing is suppressed.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libgrpc\n"
         "race:libgpr\n"
         "race:libcivetweb\n"
         "race:grpc::\n"
         "race:grpc_core::\n";
}
