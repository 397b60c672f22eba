#include "engine/text/byte_pair_encoder.h"

#include <gmock/gmock.h>

namespace stampd::text {
namespace {

using ::testing::ElementsAre;

enum Piece { kA = 300, kB, kC, kAb, kBc, kAbc, kAa, kAaa };

BytePairs Pairs(std::initializer_list<std::array<int, 3>> merges) {
  BytePairs pairs;
  for (int byte = 0; byte < 256; ++byte) pairs.bytes[static_cast<std::size_t>(byte)] = byte;
  pairs.characters = {{U'a', kA}, {U'b', kB}, {U'c', kC}};
  for (const auto& [left, right, piece] : merges) {
    pairs.merges[BytePairs::Key(left, right)] = {static_cast<int>(pairs.merges.size()), piece};
  }
  return pairs;
}

std::vector<std::int64_t> Encode(const BytePairs& pairs, std::string_view text) {
  std::vector<std::int64_t> ids;
  BytePairEncoder(pairs).Encode(text, ids);
  return ids;
}

TEST(BytePairEncoder, MergesByRankAndNotFromTheLeft) {
  EXPECT_THAT(Encode(Pairs({{kB, kC, kBc}, {kA, kB, kAb}}), "abcab"), ElementsAre(kA, kBc, kAb));
  EXPECT_THAT(Encode(Pairs({{kA, kB, kAb}, {kB, kC, kBc}}), "abcab"), ElementsAre(kAb, kC, kAb));
}

TEST(BytePairEncoder, TakesTheLeftmostOfEqualMerges) {
  EXPECT_THAT(Encode(Pairs({{kA, kA, kAa}, {kAa, kA, kAaa}}), "aaaaa"), ElementsAre(kAa, kAaa));
  EXPECT_THAT(Encode(Pairs({{kA, kA, kAa}}), "aaa"), ElementsAre(kAa, kA));
}

TEST(BytePairEncoder, MergesWhatMergesMade) {
  EXPECT_THAT(Encode(Pairs({{kB, kC, kBc}, {kA, kBc, kAbc}}), "cabc"), ElementsAre(kC, kAbc));
}

TEST(BytePairEncoder, SpellsUnknownCharactersInBytes) {
  EXPECT_THAT(Encode(Pairs({{kA, kB, kAb}}), "狐ab\t"), ElementsAre(0xE7, 0x8B, 0x90, kAb, 9));
  EXPECT_THAT(Encode(Pairs({}), ""), ElementsAre());
}

}  // namespace
}  // namespace stampd::text
