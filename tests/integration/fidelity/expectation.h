#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stampd::fidelity {

struct ExpectedObject {
  std::string shape, colour;
};

/// What a prompt's picture should show: one object in a cell of a 3x3 grid (`row`, `column`), or two, of which the first is
/// `relation` the second.
struct Expectation {
  std::string prompt;
  std::uint64_t seed = 0;
  std::vector<ExpectedObject> objects;
  std::string row, column;  // "top", "middle", "bottom"; "left", "middle", "right"
  std::string relation;     // "left of", "above"

  bool IsPair() const { return objects.size() == 2; }
};

/// Reads a file of JSON lines:
///
///   {"prompt": "…", "seed": 7, "objects": [{"shape": "ring", "colour": "red"}], "row": "top", "column": "left"}
///   {"prompt": "…", "seed": 8, "objects": [{…}, {…}], "relation": "left of"}
///
/// Throws Broken, naming the line, if one is anything else, and if there is none.
std::vector<Expectation> ReadExpectations(const std::filesystem::path& file);

}  // namespace stampd::fidelity
