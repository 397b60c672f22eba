#include "engine/text/special_tokens.h"

#include <gmock/gmock.h>

namespace stampd::text {
namespace {

using testing::ElementsAre;
using Parts = std::vector<std::variant<std::int64_t, std::string>>;

std::variant<std::int64_t, std::string> Plain(std::string text) { return text; }
std::variant<std::int64_t, std::string> Id(std::int64_t id) { return id; }

TEST(SpecialTokens, SplitLeftmostAndThenLongest) {
  const SpecialTokens tokens({{"ab", 1}, {"abcd", 2}, {"bc", 3}});
  EXPECT_THAT(tokens.Split("xabcdabcbc"), ElementsAre(Plain("x"), Id(2), Id(1), Plain("c"), Id(3)));
}

TEST(SpecialTokens, LeaveTextWithoutThemInOnePiece) {
  const SpecialTokens tokens({{"<pad>", 0}});
  EXPECT_THAT(tokens.Split(" a <pad "), ElementsAre(Plain(" a <pad ")));
  EXPECT_TRUE(tokens.Split("").empty());
}

TEST(SpecialTokens, EatWhiteSpaceOnTheSidesThatTheirFlagsName) {
  const SpecialTokens tokens({{.content = "<l>", .id = 1, .strip_left = true}, {.content = "<r>", .id = 2, .strip_right = true}});
  EXPECT_THAT(tokens.Split("a \t<l> b \u3000<r>\u00A0 c"), ElementsAre(Plain("a"), Id(1), Plain(" b \u3000"), Id(2), Plain("c")));
  EXPECT_THAT(tokens.Split(" <l><r> "), ElementsAre(Id(1), Id(2)));
}

TEST(SpecialTokens, OfASingleWordMeltIntoTheWordThatTouchesThem) {
  const SpecialTokens tokens({{.content = "fox", .id = 1, .single_word = true}});
  EXPECT_THAT(tokens.Split("fox a fox"), ElementsAre(Id(1), Plain(" a "), Id(1)));
  EXPECT_THAT(tokens.Split("foxes"), ElementsAre(Plain("foxes")));
  EXPECT_THAT(tokens.Split("a firefox"), ElementsAre(Plain("a firefox")));
}

}  // namespace
}  // namespace stampd::text
