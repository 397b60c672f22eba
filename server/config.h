#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "server/endpoint.h"
#include "server/limits.h"
#include "server/log.h"

namespace stampd::server {

/// `--model NAME=DIR[,precision=…][,recipe=…][,device=…][,instruction=FILE][,COMPONENT=DIR…]`
struct ModelFlag {
  std::string name;
  LoadOptions options;
};

/// Everything that can be set, checked; made once in main and handed down from there.
struct Config {
  std::vector<ModelFlag> models;
  Endpoint listen{"0.0.0.0", 50051};
  Endpoint metrics_listen{"0.0.0.0", 9464};
  Limits limits;
  int max_message_bytes = 4 << 20;
  int drain_seconds = 30;
  int threads = 0;  // of the engine's pool; 0: one per core
  LogFormat log_format = LogFormat::kText;
};

/// The command line ended the program: help, version, or something wrong with it.
struct Exit {
  int code = 0;  // 2: a flag is wrong
  std::string text;
};

/// Reads flags and the TOML file that `--config` names; flags win. Throws Exit.
Config ParseConfig(int argc, const char* const* argv);

}  // namespace stampd::server
