#include "server/config.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>

#include <CLI/CLI.hpp>

#include "server/version.h"

namespace stampd::server {
namespace {

constexpr char kDescription[] = "stampd: a gRPC text-to-image server";

// CLI11 prints these before the flag's name and value.
[[noreturn]] void Refuse(const std::string& flag, const std::string& value, const std::string& expected) {
  throw CLI::ValidationError(flag, "is '" + value + "'; expected " + expected);
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// A name goes into flags, health names and metric labels; "unknown" is the label of what is not hosted.
bool IsModelName(const std::string& name) {
  const auto is_fine = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= 64 && name != "unknown" && std::all_of(name.begin(), name.end(), is_fine);
}

std::pair<std::string, std::string> KeyAndValue(const std::string& flag, const std::string& part) {
  const std::size_t equals = part.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == part.size()) {
    Refuse("--model", flag,
           "NAME=DIR[,precision=…][,recipe=…][,device=…][,instruction=FILE][,COMPONENT=DIR…], found the part '" + part + "'");
  }
  return {part.substr(0, equals), part.substr(equals + 1)};
}

ModelFlag ParseModel(const std::string& flag) {
  const std::vector<std::string> parts = Split(flag, ',');
  if (parts.empty()) Refuse("--model", flag, "NAME=DIR");
  ModelFlag model;
  std::tie(model.name, model.options.folder) = KeyAndValue(flag, parts.front());
  if (!IsModelName(model.name)) {
    Refuse("--model", flag, "a name of at most 64 letters, digits, '.', '_' and '-', and not 'unknown'");
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto [key, value] = KeyAndValue(flag, parts[i]);
    if (key == "precision") {
      const auto precisions = ParsePrecisions(value);
      if (!precisions) Refuse("--model", flag, "precision one or more of " + PrecisionNames() + ", each once, joined with '+'");
      model.options.precisions = *precisions;
    } else if (key == "recipe") {
      model.options.recipe = value;
    } else if (key == "device") {
      model.options.device = value;
    } else if (key == "instruction") {
      model.options.instruction = value;
    } else {
      model.options.components[key] = value;
    }
  }
  return model;
}

std::vector<ModelFlag> ParseModels(const std::vector<std::string>& flags) {
  std::vector<ModelFlag> models;
  for (const std::string& flag : flags) {
    ModelFlag model = ParseModel(flag);
    const bool is_known =
        std::any_of(models.begin(), models.end(), [&](const ModelFlag& other) { return other.name == model.name; });
    if (is_known) Refuse("--model", flag, "every name once");
    models.push_back(std::move(model));
  }
  return models;
}

Endpoint ToEndpoint(const std::string& flag, const std::string& text) {
  const std::optional<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint) Refuse(flag, text, "HOST:PORT with a port from 0 to 65535");
  return *endpoint;
}

// What CLI11 fills before it is turned into a Config.
struct Flags {
  std::vector<std::string> models;
  std::string listen, metrics_listen, log_format = "text";
};

void AddFlags(CLI::App& app, Flags& flags, Config& config) {
  app.set_help_flag("--help", "Print this and exit");
  app.set_version_flag("--version", "stampd " + std::string(Version()));
  app.set_config("--config", "", "A TOML file with the same names as the flags; flags win");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option(
         "--model", flags.models,
         "A model to host; repeatable, the first is the default. DIR is a diffusers pipeline folder, COMPONENT=DIR replaces one "
         "of its folders")
      ->type_name(
          "NAME=DIR[,precision=w4a4|w4a8|w8a8|bf16|fp16|fp32[+...]][,recipe=NAME|FILE][,device=cpu|cuda:0][,instruction=FILE]"
          "[,COMPONENT=DIR...]")
      ->required()
      ->allow_extra_args(false);
  const auto number = [&](const char* name, int& value, int low, int high, const char* help) {
    app.add_option(name, value, help)->check(CLI::Range(low, high))->capture_default_str();
  };
  app.add_option("--listen", flags.listen, "Where gRPC listens; port 0 picks a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--metrics-listen", flags.metrics_listen, "Where Prometheus finds GET /metrics; port 0 picks a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  number("--max-queue", config.limits.max_queue, 1, 100000, "Requests that may wait; more are refused with RESOURCE_EXHAUSTED");
  number("--max-images", config.limits.max_images, 1, 64, "Pictures of one request");
  number("--max-prompt-bytes", config.limits.max_prompt_bytes, 1, 1 << 20, "Length of a prompt");
  number("--max-message-bytes", config.max_message_bytes, 1 << 12, 1 << 30, "Size of a request on the wire");
  number("--drain-seconds", config.drain_seconds, 0, 86400, "After SIGTERM: how long what was admitted may still take");
  number("--threads", config.threads, 0, 4096, "Threads of the engine; 0: one per core");
  app.add_option("--log-format", flags.log_format, "How lines on stderr look")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

}  // namespace

Config ParseConfig(int argc, const char* const* argv) {
  Config config;
  Flags flags{.models = {}, .listen = config.listen.ToString(), .metrics_listen = config.metrics_listen.ToString()};
  CLI::App app(kDescription, "stampd");
  AddFlags(app, flags, config);
  try {
    app.parse(argc, argv);
    config.models = ParseModels(flags.models);
    config.listen = ToEndpoint("--listen", flags.listen);
    config.metrics_listen = ToEndpoint("--metrics-listen", flags.metrics_listen);
  } catch (const CLI::ParseError& e) {
    std::ostringstream text;
    const int code = app.exit(e, text, text);
    throw Exit{code == 0 ? 0 : 2, text.str()};
  }
  config.log_format = flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  return config;
}

}  // namespace stampd::server
