#include <cstdio>
#include <exception>

#include "engine/base/error.h"
#include "engine/base/openmp_waiting.h"
#include "engine/tools/commands.h"

namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

int Fail(const std::exception& error, int status) {
  std::fprintf(stderr, "stampq: %s\n", error.what());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  stampd::SleepWhileWaiting(argv);
  CLI::App program{"Works on checkpoints of stampd where no server runs", "stampq"};
  program.set_version_flag("--version", "stampq " STAMPD_VERSION);
  program.set_config("--config", "", "TOML file with the same names as the flags, a table per subcommand");
  program.allow_config_extras(CLI::config_extras_mode::error);
  program.require_subcommand(1);
  program.fallthrough();  // --config after the subcommand's name, too
  stampd::tools::AddInspect(program);
  stampd::tools::AddQuantize(program);
  stampd::tools::AddRandom(program);
  stampd::tools::AddRun(program);
  stampd::tools::AddSqnr(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : kUsage;
  } catch (const stampd::BadRequest& error) {
    return Fail(error, kUsage);
  } catch (const std::exception& error) {
    return Fail(error, kFailure);
  }
  return 0;
}
