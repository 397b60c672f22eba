#include "tests/integration/fidelity/score.h"

#include <gmock/gmock.h>

#include "engine/base/error.h"

namespace stampd::fidelity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Score FourPictures() {
  Score score;
  score.Add({{"single.shape", true}, {"single.colour", true}});
  score.Add({{"single.shape", false}, {"single.colour", true}});
  score.Add({{"pair.shapes", false}});
  score.Add({{"single.shape", true}, {"single.colour", true}});
  return score;
}

TEST(ScoreTest, CountsSharesByGroup) {
  EXPECT_EQ(FourPictures().RenderJson(), R"({"single":{"count":3,"shape":0.6666,"colour":1.0},"pair":{"count":1,"shapes":0.0}})");
  EXPECT_THAT(FourPictures().RenderText(), HasSubstr("0.667  2 of 3\n"));
  EXPECT_EQ(Score().RenderJson(), "{}");
}

TEST(ScoreTest, ThresholdsAreInclusive) {
  EXPECT_THAT(FourPictures().Missed({{"single.shape", 0.66}, {"single.colour", 1.0}}), IsEmpty());
  EXPECT_THAT(FourPictures().Missed({{"single.shape", 0.67}}), ElementsAre("single.shape: expected at least 0.670, found 0.667"));
}

TEST(ScoreTest, AThresholdThatNothingIsJudgedByIsMissed) {
  EXPECT_THAT(FourPictures().Missed({{"single.taste", 0}}), ElementsAre(HasSubstr("found no picture that is judged by it")));
}

TEST(ScoreTest, ThresholdsAreShares) {
  EXPECT_EQ(ParseThreshold("single.colour=0.95").criterion, "single.colour");
  EXPECT_EQ(ParseThreshold("single.colour=0.95").least, 0.95);
  for (const char* text :
       {"", "single.colour", "single.colour=", "single.colour=95", "single.colour=0.9x", "single.colour=-1", "a=nan"}) {
    EXPECT_THROW(ParseThreshold(text), BadRequest) << text;
  }
}

}  // namespace
}  // namespace stampd::fidelity
