#include "tests/integration/fidelity/verdict.h"

#include <gmock/gmock.h>

namespace stampd::fidelity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SeenObject At(const std::string& colour, const std::string& shape, double x, double y) {
  return {.shape = shape, .colour = colour, .box = {x - 0.1, y - 0.1, 0.2, 0.2}, .area = 0.04};
}

std::vector<std::string> Wrong(const Expectation& expectation, const std::vector<SeenObject>& seen) {
  std::vector<std::string> wrong;
  for (const Criterion& criterion : Compare(expectation, seen)) {
    if (!criterion.is_right) wrong.emplace_back(criterion.name);
  }
  return wrong;
}

const Expectation kSingle = {.objects = {{"ring", "red"}}, .row = "top", .column = "left"};
const Expectation kBeside = {.objects = {{"ring", "red"}, {"star", "blue"}}, .relation = "left of"};
const Expectation kAbove = {.objects = {{"ring", "red"}, {"star", "blue"}}, .relation = "above"};

TEST(VerdictTest, OneObject) {
  EXPECT_THAT(Wrong(kSingle, {At("red", "ring", 0.28, 0.28)}), IsEmpty());
  EXPECT_THAT(Wrong(kSingle, {At("red", "circle", 0.28, 0.28)}), ElementsAre("single.shape"));
  EXPECT_THAT(Wrong(kSingle, {At("orange", "ring", 0.28, 0.28)}), ElementsAre("single.colour"));
  EXPECT_THAT(Wrong(kSingle, {}), ElementsAre("single.shape", "single.colour", "single.position", "single.number_of_objects"));
}

TEST(VerdictTest, AnObjectIsInTheThirdOfItsCentre) {
  EXPECT_THAT(Wrong(kSingle, {At("red", "ring", 0.38, 0.38)}), IsEmpty());
  EXPECT_THAT(Wrong(kSingle, {At("red", "ring", 0.40, 0.28)}), ElementsAre("single.position"));
  EXPECT_THAT(Wrong(kSingle, {At("red", "ring", 0.28, 0.40)}), ElementsAre("single.position"));
  Expectation last = kSingle;
  last.row = "bottom", last.column = "right";
  EXPECT_THAT(Wrong(last, {At("red", "ring", 0.62, 0.62)}), IsEmpty());
  EXPECT_THAT(Wrong(last, {At("red", "ring", 0.60, 0.62)}), ElementsAre("single.position"));
}

TEST(VerdictTest, OfSeveralObjectsTheLargestIsMeant) {
  EXPECT_THAT(Wrong(kSingle, {At("red", "ring", 0.28, 0.28), At("blue", "", 0.7, 0.7)}), ElementsAre("single.number_of_objects"));
}

TEST(VerdictTest, TwoObjectsInAnyOrderOfSize) {
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.26, 0.5), At("blue", "star", 0.74, 0.5)}), IsEmpty());
  EXPECT_THAT(Wrong(kBeside, {At("blue", "star", 0.74, 0.5), At("red", "ring", 0.26, 0.5)}), IsEmpty());
  EXPECT_THAT(Wrong(kAbove, {At("blue", "star", 0.5, 0.74), At("red", "ring", 0.5, 0.26)}), IsEmpty());
}

TEST(VerdictTest, TheRelationHasADirection) {
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.74, 0.5), At("blue", "star", 0.26, 0.5)}),
              ElementsAre("pair.colours_and_relation"));
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.5, 0.26), At("blue", "star", 0.6, 0.74)}),
              ElementsAre("pair.colours_and_relation"));
  EXPECT_THAT(Wrong(kAbove, {At("red", "ring", 0.26, 0.5), At("blue", "star", 0.74, 0.6)}),
              ElementsAre("pair.colours_and_relation"));
  EXPECT_THAT(Wrong(kAbove, {At("red", "ring", 0.5, 0.45), At("blue", "star", 0.5, 0.55)}),
              ElementsAre("pair.colours_and_relation"));
}

TEST(VerdictTest, ColoursBelongToTheirShapes) {
  EXPECT_THAT(Wrong(kBeside, {At("red", "star", 0.26, 0.5), At("blue", "ring", 0.74, 0.5)}), ElementsAre("pair.shapes"));
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.26, 0.5), At("red", "star", 0.74, 0.5)}),
              ElementsAre("pair.colours_and_relation", "pair.shapes"));
}

TEST(VerdictTest, TwoObjectsAreTwo) {
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.26, 0.5), At("blue", "star", 0.74, 0.5), At("white", "", 0.5, 0.9)}),
              ElementsAre("pair.number_of_objects"));
  EXPECT_THAT(Wrong(kBeside, {At("red", "ring", 0.26, 0.5)}),
              ElementsAre("pair.colours_and_relation", "pair.shapes", "pair.number_of_objects"));
}

}  // namespace
}  // namespace stampd::fidelity
