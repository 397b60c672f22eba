#include "client/generate.h"

#include <ostream>
#include <string>

#include "client/output_files.h"
#include "client/output_format.h"
#include "client/receiver.h"
#include "client/report_error.h"
#include "client/usage_error.h"
#include "client/utf8.h"

namespace stampd::client {
namespace {

void CheckText(const char* name, const std::string& text) {
  if (!IsUtf8(text)) throw UsageError(std::string(name) + ": expected UTF-8, found other bytes");
}

void CheckStandardOutput(const GenerateOptions& options) {
  if (options.wish.count > 1)
    throw UsageError("--output -: holds one picture, found --count " + std::to_string(options.wish.count));
  if (options.wish.preview_every > 0) throw UsageError("--output -: previews need a file's name beside which to lie");
  if (options.json) throw UsageError("--output -: the picture takes standard output, so that --json has no place");
}

void Check(const GenerateOptions& options) {
  CheckText("prompt", options.wish.prompt);
  CheckText("--negative", options.wish.negative_prompt);
  if (options.output == "-") return CheckStandardOutput(options);
  CheckFolder(options.output);
}

Wish WithFormat(const GenerateOptions& options) {
  Wish wish = options.wish;
  if (wish.format == v1::OUTPUT_FORMAT_UNSPECIFIED && options.output != "-") wish.format = FormatOfExtension(options.output);
  return wish;
}

grpc::Status Paint(v1::TextToImage::Stub& stub, grpc::ClientContext& context, const v1::GenerateRequest& request,
                   Receiver& receiver) {
  const auto reader = stub.GenerateStream(&context, request);
  v1::GenerateEvent event;
  try {
    while (reader->Read(&event)) receiver.Take(event);
  } catch (...) {
    context.TryCancel();
    reader->Finish();
    throw;
  }
  return reader->Finish();
}

void PrintSummary(const GenerateOptions& options, const Receiver& receiver, const Console& console) {
  if (options.json) {
    console.out << RenderJson(receiver.images(), receiver.done()) << std::flush;
  } else if (!options.quiet) {
    std::ostream& stream = options.output == "-" ? console.err : console.out;
    stream << RenderSummary(receiver.images(), receiver.done()) << std::flush;
  }
}

ExitCode PaintAndReport(const v1::GenerateRequest& request, const GenerateOptions& options, const ServerOptions& server,
                        const Console& console) {
  Receiver receiver(options.output, options.wish.count, options.quiet, console);
  const Outcome outcome = Run(server, [&](auto& stub, auto& context) { return Paint(stub, context, request, receiver); });
  receiver.EndLine();
  if (!outcome.status.ok()) {
    console.err << DescribeError(outcome, server.address);
    return ExitCodeOf(outcome);
  }
  receiver.CheckComplete();
  PrintSummary(options, receiver, console);
  return ExitCode::kOk;
}

}  // namespace

ExitCode Generate(const GenerateOptions& options, const ServerOptions& server, const Console& console) {
  Check(options);
  const v1::GenerateRequest request = MakeRequest(WithFormat(options));
  try {
    return PaintAndReport(request, options, server, console);
  } catch (const std::exception& error) {
    console.err << "stamp: " << error.what() << "\n";
    return ExitCode::kFailed;
  }
}

}  // namespace stampd::client
