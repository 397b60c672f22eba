#pragma once

#include <string_view>
#include <vector>

#include "tests/integration/fidelity/expectation.h"
#include "tests/integration/fidelity/shape_judge.h"

namespace stampd::fidelity {

/// One thing that a picture should have right. Its name is in a group: that of pictures of one object, or of two.
///
///   single.shape, single.colour, single.position   of the largest object: its centre's third of the picture, for the position
///   single.number_of_objects                       there is one
///   pair.colours_and_relation                      the two largest objects have the two colours, and lie to each other as asked
///   pair.shapes                                    the objects that have the colours have their shapes
///   pair.number_of_objects                         there are two
struct Criterion {
  std::string_view name;
  bool is_right = false;
};

/// How a picture agrees with what was asked for: all criteria of the expectation's group, in a fixed order. `seen` is what LookAt
/// saw.
std::vector<Criterion> Compare(const Expectation& expectation, const std::vector<SeenObject>& seen);

}  // namespace stampd::fidelity
