#pragma once

#include <string>
#include <vector>

#include "tests/integration/fidelity/verdict.h"

namespace stampd::fidelity {

/// A share of right pictures that a criterion must reach.
struct Threshold {
  std::string criterion;
  double least = 0;
};

/// "single.colour=0.95". Throws BadRequest for another form, and for a share outside [0, 1].
Threshold ParseThreshold(const std::string& text);

/// Counts how many pictures have each criterion right.
class Score {
 public:
  /// Takes the criteria of one picture.
  void Add(const std::vector<Criterion>& criteria);

  /// A line for each threshold that is missed, or whose criterion no picture was judged by.
  std::vector<std::string> Missed(const std::vector<Threshold>& thresholds) const;

  /// For a person, a line a criterion: "single.colour  0.969  31 of 32".
  std::string RenderText() const;

  /// One JSON object: for each group how many pictures it has (`count`), and the share of them that has each criterion right, such
  /// as
  /// {"single": {"count": 32, "shape": 0.875, …}, "pair": {"count": 16, …}}.
  std::string RenderJson() const;

 private:
  struct Tally {
    std::string criterion;
    int right = 0, count = 0;

    double Share() const { return static_cast<double>(right) / count; }
  };

  std::vector<Tally> tallies_;  // in the order in which the criteria came first
};

}  // namespace stampd::fidelity
