#include "engine/io/parallel.h"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stampd::io {
namespace {

TEST(ForEachInParallelTest, DoesEachOnce) {
  for (const unsigned threads : {0U, 1U, 3U, 50U}) {
    std::vector<std::atomic<int>> calls(20);
    ForEachInParallel(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1) << threads << " threads";
  }
  ForEachInParallel(0, 4, [](std::size_t) { ADD_FAILURE() << "there is nothing to do"; });
}

TEST(ForEachInParallelTest, OneThreadIsTheCaller) {
  ForEachInParallel(3, 1, [caller = std::this_thread::get_id()](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(ForEachInParallelTest, ThrowsTheFirstFailureWhenAllIsDone) {
  std::atomic<int> calls = 0;
  const auto work = [&](std::size_t i) {
    ++calls;
    if (i % 3 == 2) throw std::runtime_error("item " + std::to_string(i));
  };
  EXPECT_THAT([&] { ForEachInParallel(10, 4, work); }, ::testing::ThrowsMessage<std::runtime_error>("item 2"));
  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace stampd::io
