#include <chrono>
#include <iostream>

#include "engine/base/openmp_waiting.h"
#include "server/config.h"
#include "server/log.h"
#include "server/server.h"
#include "server/signals.h"

namespace stampd::server {
namespace {

using namespace std::chrono_literals;

HostedModels LoadModels(const Config& config, Log& log) {
  HostedModels models;
  for (const ModelFlag& flag : config.models) {
    models.push_back({flag.name, flag.options.device, Pipeline::Load(flag.options)});
    log.Info("loaded", {{"model", flag.name}, {"folder", flag.options.folder.string()}, {"digest", models.back().info().digest}});
    if (models.back().info().lacks_instruction) {
      log.Info("instruction missing",
               {{"model", flag.name},
                {"effect", "prompts go without the instruction that the model was trained with"},
                {"remedy", "deploy/extract_instruction.py writes it into the tokenizer's folder; or say instruction=FILE"}});
    }
  }
  return models;
}

// The first signal drains, a second one stops at once.
void ServeUntilSignal(Server& server, Signals& signals, std::chrono::seconds grace) {
  signals.Wait();
  server.BeginDrain();
  const auto until = std::chrono::steady_clock::now() + grace;
  while (signals.count() < 2 && std::chrono::steady_clock::now() < until && !server.WaitUntilIdle(50ms)) {
  }
  server.Stop();
}

int Main(int argc, char** argv) try {
  Signals signals;
  const Config config = ParseConfig(argc, argv);
  Log log(config.log_format, std::cerr);
  RaiseFileDescriptorLimit();
  UseThreads(config.threads);
  Server server(config, LoadModels(config, log), log);
  signals.Arm();
  std::cout << "stampd ready grpc=" << server.grpc_endpoint().ToString() << " metrics=" << server.metrics_endpoint().ToString()
            << std::endl;
  ServeUntilSignal(server, signals, std::chrono::seconds(config.drain_seconds));
  return 0;
} catch (const Exit& exit) {
  (exit.code == 0 ? std::cout : std::cerr) << exit.text;
  return exit.code;
} catch (const std::exception& e) {
  std::cerr << "stampd: " << e.what() << '\n';
  return 1;
}

}  // namespace
}  // namespace stampd::server

int main(int argc, char** argv) {
  stampd::SleepWhileWaiting(argv);
  return stampd::server::Main(argc, argv);
}
