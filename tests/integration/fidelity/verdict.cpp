#include "tests/integration/fidelity/verdict.h"

#include <array>
#include <cmath>
#include <string>

namespace stampd::fidelity {
namespace {

// Objects are asked for at 0.28, 0.5 and 0.72 of the side; these lie between.
constexpr double kFirstThird = 0.39, kLastThird = 0.61;
// Pairs are asked for about half a side apart. Less than this is beside each other neither way.
constexpr double kLeastApart = 0.15;

std::string_view Third(double place, const std::array<std::string_view, 3>& names) {
  return names[place < kFirstThird ? 0 : place < kLastThird ? 1 : 2];
}

bool IsInCell(const SeenObject& object, const Expectation& expectation) {
  const cv::Point2d centre = object.Centre();
  return Third(centre.y, {"top", "middle", "bottom"}) == expectation.row &&
         Third(centre.x, {"left", "middle", "right"}) == expectation.column;
}

bool AreRelated(const SeenObject& first, const SeenObject& second, std::string_view relation) {
  const cv::Point2d apart = second.Centre() - first.Centre();
  const double along = relation == "left of" ? apart.x : apart.y, across = relation == "left of" ? apart.y : apart.x;
  return along > kLeastApart && along > std::abs(across);
}

std::vector<Criterion> CompareSingle(const Expectation& expectation, const std::vector<SeenObject>& seen) {
  const SeenObject object = seen.empty() ? SeenObject{} : seen.front();
  const ExpectedObject& expected = expectation.objects.front();
  return {{"single.shape", !seen.empty() && object.shape == expected.shape},
          {"single.colour", !seen.empty() && object.colour == expected.colour},
          {"single.position", !seen.empty() && IsInCell(object, expectation)},
          {"single.number_of_objects", seen.size() == 1}};
}

bool HaveColours(const SeenObject& first, const SeenObject& second, const Expectation& expectation) {
  return first.colour == expectation.objects[0].colour && second.colour == expectation.objects[1].colour;
}

std::vector<Criterion> ComparePair(const Expectation& expectation, const std::vector<SeenObject>& seen) {
  SeenObject first, second;
  if (seen.size() >= 2) {
    first = seen[0];
    second = seen[1];
    if (!HaveColours(first, second, expectation)) std::swap(first, second);
  }
  const bool have_colours = HaveColours(first, second, expectation);
  return {
      {"pair.colours_and_relation", have_colours && AreRelated(first, second, expectation.relation)},
      {"pair.shapes", have_colours && first.shape == expectation.objects[0].shape && second.shape == expectation.objects[1].shape},
      {"pair.number_of_objects", seen.size() == 2}};
}

}  // namespace

std::vector<Criterion> Compare(const Expectation& expectation, const std::vector<SeenObject>& seen) {
  return expectation.IsPair() ? ComparePair(expectation, seen) : CompareSingle(expectation, seen);
}

}  // namespace stampd::fidelity
