// How ThreadSanitizer treats what it can't see; asked by its runtime at start. Linked into sanitized builds only.
//
// Debian's gRPC, Abseil, µpb, civetweb and GDAL (OpenCV's) are not instrumented: their locks and atomics are invisible, so whatever
// passes through them looks like a race, our own reactions to calls included. Memory that they touch is left out, and so are
// reports whose stack runs through gRPC. The scheduler, the log and the queues have tests without gRPC, where nothing is
// suppressed.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

extern "C" const char* __tsan_default_suppressions() {
  return "race:libgrpc\n"
         "race:libgpr\n"
         "race:libabsl\n"
         "race:libupb\n"
         "race:libcivetweb\n"
         "race:grpc::\n"
         "race:grpc_core::\n"
         "deadlock:libabsl\n"
         "deadlock:libgrpc\n"
         "deadlock:libgdal\n";
}
