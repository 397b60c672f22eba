#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "tests/integration/fidelity/expectation.h"
#include "tests/integration/fidelity/pictures.h"

namespace stampd::fidelity {

constexpr char kDrawn[] = "tests/data/fidelity/drawn";

/// A picture that was drawn from a scene, and what that scene holds (tests/reference/make_fidelity.py).
struct Drawn {
  Expectation expectation;
  cv::Mat picture;
};

inline const std::vector<Drawn>& AllDrawn() {
  static const std::vector<Drawn> drawn = [] {
    std::vector<Drawn> all;
    for (Expectation& expectation : ReadExpectations(std::string(kDrawn) + "/prompts.jsonl")) {
      all.push_back({std::move(expectation), ReadPicture(kDrawn, all.size())});
    }
    return all;
  }();
  return drawn;
}

}  // namespace stampd::fidelity
