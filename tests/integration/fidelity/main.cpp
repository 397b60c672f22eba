// stampd_fidelity: does the picture show what was asked?
//
// Lets a server paint prompts with fixed seeds, or takes pictures from a folder, and compares what can be seen in them with what
// the prompts ask for. Exit codes: 0 done, 1 a threshold was missed, 2 wrong usage or something could not be read or painted.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/integration/fidelity/expectation.h"
#include "tests/integration/fidelity/paint.h"
#include "tests/integration/fidelity/pictures.h"
#include "tests/integration/fidelity/score.h"
#include "tests/integration/fidelity/shape_judge.h"
#include "tests/integration/fidelity/verdict.h"

namespace stampd::fidelity {
namespace {

struct Flags {
  client::ServerOptions server;
  client::Wish wish;
  std::filesystem::path prompts, pictures, pictures_out;
  std::vector<std::string> at_least;
  bool shuffled = false, json = false;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--prompts", flags.prompts, "JSON lines: prompt, seed, and what the picture should show")->required();
  auto* server = app.add_option("--server", flags.server.address, "The server that paints them")
                     ->capture_default_str()
                     ->type_name("HOST:PORT");
  auto* pictures =
      app.add_option("--pictures", flags.pictures, "A folder that holds them: 000.png, 001.png ... (or .jpg)")->excludes(server);
  app.add_option("--pictures-out", flags.pictures_out, "A folder to keep what the server paints")->excludes(pictures);
  app.add_option("--model", flags.wish.model, "One of the server's (default: its first)");
  app.add_option("--precision", flags.wish.precision, "One of the model's (default: its first)");
  app.add_option("--steps", flags.wish.steps, "Denoising steps")->capture_default_str();
  app.add_option("--guidance", flags.wish.guidance_scale, "How strongly pictures follow prompts (default: the model's)");
  app.add_flag("--shuffled", flags.shuffled,
               "Compare each picture with the next prompt of its kind: a control, which must score worse");
  app.add_option("--at-least", flags.at_least, "A share of right pictures to reach, such as single.colour=0.95; repeatable");
  app.add_flag("--json", flags.json, "The summary as one JSON object, wrong pictures on standard error");
}

void Keep(const std::string& file, const std::filesystem::path& path) {
  std::ofstream stream(path, std::ios::binary);
  stream << file;
  if (!stream.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

cv::Mat GetPicture(const Flags& flags, const Expectation& expectation, std::size_t index) {
  if (!flags.pictures.empty()) return ReadPicture(flags.pictures, index);
  client::Wish wish = flags.wish;
  wish.prompt = expectation.prompt;
  wish.seed = expectation.seed;
  const std::string file = Paint(wish, flags.server);
  if (!flags.pictures_out.empty()) Keep(file, flags.pictures_out / (PictureName(index) + ".png"));
  return DecodePicture(file, "the server's picture " + std::to_string(index));
}

// The next of the same kind, all around: of one object for one, of two for two.
const Expectation& Next(const std::vector<Expectation>& expectations, std::size_t index) {
  std::size_t next = index;
  do {
    next = (next + 1) % expectations.size();
  } while (expectations[next].IsPair() != expectations[index].IsPair());
  return expectations[next];
}

void PrintSeen(const std::vector<SeenObject>& seen, std::ostream& out) {
  if (seen.empty()) out << " nothing";
  for (const SeenObject& object : seen) {
    char place[32];
    std::snprintf(place, sizeof place, "(%.2f, %.2f)", object.Centre().x, object.Centre().y);
    out << (&object == &seen.front() ? " " : ", ") << object.colour << " " << (object.shape.empty() ? "thing" : object.shape)
        << " at " << place;
  }
}

void PrintIfWrong(std::size_t index, const Expectation& expectation, const std::vector<Criterion>& criteria,
                  const std::vector<SeenObject>& seen, std::ostream& out) {
  std::string wrong;
  for (const Criterion& criterion : criteria) {
    if (!criterion.is_right) wrong += " " + std::string(criterion.name);
  }
  if (wrong.empty()) return;
  out << PictureName(index) << " \"" << expectation.prompt << "\" wrong:" << wrong << "; seen:";
  PrintSeen(seen, out);
  out << std::endl;
}

int Judge(const Flags& flags) {
  std::vector<Threshold> thresholds;
  for (const std::string& text : flags.at_least) thresholds.push_back(ParseThreshold(text));
  const std::vector<Expectation> expectations = ReadExpectations(flags.prompts);
  if (!flags.pictures_out.empty()) std::filesystem::create_directories(flags.pictures_out);
  Score score;
  for (std::size_t i = 0; i < expectations.size(); ++i) {
    const std::vector<SeenObject> seen = LookAt(GetPicture(flags, expectations[i], i));
    const Expectation& expectation = flags.shuffled ? Next(expectations, i) : expectations[i];
    const std::vector<Criterion> criteria = Compare(expectation, seen);
    PrintIfWrong(i, expectation, criteria, seen, flags.json ? std::cerr : std::cout);
    score.Add(criteria);
  }
  std::cout << (flags.json ? score.RenderJson() + "\n" : score.RenderText()) << std::flush;
  const std::vector<std::string> missed = score.Missed(thresholds);
  for (const std::string& line : missed) std::cerr << "stampd_fidelity: " << line << "\n";
  return missed.empty() ? 0 : 1;
}

int Main(int argc, char** argv) {
  CLI::App app("Judges whether pictures show what their prompts ask for.", "stampd_fidelity");
  Flags flags;
  flags.wish.steps = 20;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
    return Judge(flags);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const std::exception& error) {
    std::cerr << "stampd_fidelity: " << error.what() << "\n";
    return 2;
  }
}

}  // namespace
}  // namespace stampd::fidelity

int main(int argc, char** argv) { return stampd::fidelity::Main(argc, argv); }
