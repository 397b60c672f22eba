#include "client/command_line.h"

#include <charconv>
#include <cstdint>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

#include "client/generate.h"
#include "client/models.h"
#include "client/output_format.h"
#include "client/usage_error.h"

namespace stampd::client {
namespace {

constexpr const char* kFooter =
    "Settings come from the command line, else from --config, else from the environment (STAMP_SERVER). The configuration file is\n"
    "TOML with the names of the flags: `server = \"host:50051\"` at the top, those of a command under its name: `[generate]`.\n"
    "\n"
    "Exit codes: 0 done; 1 the server refused or failed, or its answer could not be used or written; 2 wrong usage, nothing\n"
    "was sent; 3 no server reached; 4 --timeout passed; 130 interrupted by Ctrl-C (143: by SIGTERM), the server stops the work.";

constexpr const char* kGenerateFooter =
    "Files: with --count above 1, out.png becomes out-0.png, out-1.png …; previews are out.preview-STEP.jpg beside the picture. "
    "Files\n"
    "appear whole or not at all, and replace what had their name. Unless --quiet, standard output gets a line for each picture: "
    "path,\n"
    "size, seed, seconds (on standard error with -o -). Progress is drawn only where standard error is a terminal; NO_COLOR=1\n"
    "takes its colours.";

struct Options {
  ServerOptions server;
  GenerateOptions generate;
  std::optional<std::string> prompt;
  bool prompt_from_input = false;
  bool models_json = false;
};

std::uint64_t ParseSeed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error == std::errc() && end == text.data() + text.size()) return seed;
  throw UsageError("--seed: expected 0 to 18446744073709551615, found '" + text + "'");
}

CLI::Validator AtLeast(int least) {
  const auto check = [least](const std::string& text) {
    int value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && value >= least;
    return good ? "" : "expected at least " + std::to_string(least) + ", found '" + text + "'";
  };
  return {check, "", "at least"};
}

// A year is more than any deadline that a clock can't hold.
CLI::Validator Seconds() {
  constexpr double kYear = 365.0 * 24 * 3600;
  const auto check = [](const std::string& text) {
    double value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && value > 0 && value <= kYear;
    return good ? "" : "expected seconds above 0, at most a year, found '" + text + "'";
  };
  return {check, "", "seconds"};
}

void AddSwitch(CLI::App& app, const std::string& name, std::optional<bool>& value, const std::string& help) {
  app.add_flag_function(
      "--" + name + ",!--no-" + name, [&value](std::int64_t count) { value = count > 0; }, help);
}

void AddPicture(CLI::App& app, Wish& wish) {
  app.add_option("--model", wish.model, "One of `stamp models` (default: the server's first)");
  app.add_option("--negative", wish.negative_prompt, "What the picture should not show");
  app.add_option("--steps", wish.steps, "Denoising steps (default: the model's)");
  app.add_option("--guidance", wish.guidance_scale,
                 "How strongly the picture follows the prompt; up to 1: not guided, half the work");
  app.add_option_function<std::string>(
         "--size", [&wish](const std::string& text) { wish.size = ParseImageSize(text); },
         "Pixels, such as 512x384 (default: the model's)")
      ->type_name("WxH");
  app.add_option_function<std::string>(
         "--seed", [&wish](const std::string& text) { wish.seed = ParseSeed(text); },
         "The same seed paints the same picture; picture i of --count has seed + i (default: drawn by the server)")
      ->type_name("UINT");
  app.add_option("--count", wish.count, "How many pictures")->check(AtLeast(1))->capture_default_str();
  app.add_option("--precision", wish.precision, "One of the model's precisions (default: its first)");
  app.add_option("--scheduler", wish.scheduler, "One of the model's schedulers (default: its first)");
  AddSwitch(app, "clean-caption", wish.clean_caption, "Strip URLs, markup, file names and the like from the prompts, or not");
  AddSwitch(app, "resolution-binning", wish.use_resolution_binning,
            "Paint at the nearest trained size, then resize and crop, or not");
}

void AddOutput(CLI::App& app, GenerateOptions& options) {
  Wish& wish = options.wish;
  app.add_option("-o,--output", options.output, "File for the picture; - writes it to standard output")
      ->required()
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--format", [&wish](const std::string& name) { wish.format = ParseOutputFormat(name); },
         "png, jpeg, webp, rgb8 (bare bytes) or latent (float32) (default: by the file's extension, else png)")
      ->type_name("NAME");
  app.add_option("--quality", wish.quality, "Of jpeg and webp, 1 to 100");
  app.add_flag("--metadata", wish.embed_metadata, "Write prompt, seed and settings into the picture's file");
  app.add_option("--preview-every", wish.preview_every, "Keep a preview after every K-th step")->check(AtLeast(0))->type_name("K");
  app.add_option("--preview-side", wish.preview_side, "Longer side of the previews in pixels")->check(AtLeast(0))->type_name("PX");
  app.add_flag("--quiet", options.quiet, "No progress, no lines about pictures; errors only");
  app.add_flag("--json", options.json, "One line of JSON in place of the lines about pictures");
}

CLI::App& AddGenerate(CLI::App& app, Options& options) {
  CLI::App& command = *app.add_subcommand("generate", "Paint a picture from a prompt");
  command.footer(kGenerateFooter);
  command.add_option("prompt", options.prompt, "What to paint; - reads it from standard input")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  command.add_flag("--stdin", options.prompt_from_input, "Read the prompt from standard input");
  AddPicture(command, options.generate.wish);
  AddOutput(command, options.generate);
  command.add_option("--request-id", options.generate.wish.request_id, "Names the request in the server's logs and errors")
      ->type_name("ID");
  return command;
}

CLI::App& AddModels(CLI::App& app, Options& options) {
  CLI::App& command = *app.add_subcommand("models", "List the server's models, their defaults and limits");
  command.add_flag("--json", options.models_json, "As JSON: the answer's protobuf form");
  return command;
}

void AddServer(CLI::App& app, ServerOptions& server) {
  app.add_option("--server", server.address, "Where the server listens")
      ->envname("STAMP_SERVER")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_option("--timeout", server.timeout_seconds, "Give up, and let the server give up, after so many seconds")
      ->check(Seconds())
      ->type_name("SECONDS");
}

void Describe(CLI::App& app) {
  app.set_version_flag("--version", std::string("stamp ") + STAMPD_VERSION);
  app.set_config("--config", "", "Read settings from a TOML file")->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.fallthrough();  // so that --server may stand after the command
  // A later flag overrides an earlier one, so that aliases and scripts may hold defaults.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(kFooter);
}

std::string ReadAll(std::istream& in) {
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string Prompt(const Options& options, std::istream& in) {
  if (options.prompt_from_input || options.prompt == "-") return ReadAll(in);
  if (!options.prompt) throw UsageError("prompt: expected one, found none (\"\" is the empty one)");
  return *options.prompt;
}

ExitCode RunGenerate(Options& options, const Console& console) {
  options.generate.wish.prompt = Prompt(options, console.in);
  return Generate(options.generate, options.server, console);
}

ExitCode Complain(const std::string& message, std::ostream& err) {
  err << "stamp: " << message << "\n";
  return ExitCode::kUsage;
}

}  // namespace

ExitCode RunStamp(int argc, const char* const* argv, const Console& console) {
  Options options;
  CLI::App app("Paints pictures with a stampd server.", "stamp");
  Describe(app);
  AddServer(app, options.server);
  const CLI::App& generate = AddGenerate(app, options);
  const CLI::App& models = AddModels(app, options);
  try {
    app.parse(argc, argv);
    if (generate.parsed()) return RunGenerate(options, console);
    if (models.parsed()) return Models(options.models_json, options.server, console);
    throw UsageError("expected a command, generate or models (stamp --help tells more)");
  } catch (const CLI::Success& help) {
    app.exit(help, console.out, console.err);
    return ExitCode::kOk;
  } catch (const CLI::ConfigError& error) {
    return Complain(std::string("--config: ") + error.what(), console.err);
  } catch (const CLI::ParseError& error) {
    return Complain(error.what(), console.err);
  } catch (const UsageError& error) {
    return Complain(error.what(), console.err);
  }
}

}  // namespace stampd::client
