#include "client/interrupt.h"

#include <chrono>
#include <cstdlib>
#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

namespace stampd::client {
namespace {

// Each in a process of its own, which has no other thread that could take the signal.
class InterruptDeathTest : public testing::Test {
 protected:
  InterruptDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Ends with 1 if nothing calls.
void Expect(std::future<void> called) {
  if (called.wait_for(std::chrono::seconds(20)) != std::future_status::ready) std::_Exit(1);
}

TEST_F(InterruptDeathTest, TheFirstSignalCallsAndTheSecondEndsTheProcess) {
  EXPECT_EXIT(
      {
        const BlockedSignals signals;
        std::promise<void> called;
        const Interrupt interrupt(signals, [&] { called.set_value(); });
        kill(getpid(), SIGINT);
        Expect(called.get_future());
        if (interrupt.signal() != SIGINT) std::_Exit(1);
        kill(getpid(), SIGTERM);
        sleep(20);
      },
      testing::ExitedWithCode(143), "");
}

TEST_F(InterruptDeathTest, WithoutASignalNothingIsCalled) {
  EXPECT_EXIT(
      {
        {
          const BlockedSignals signals;
          const Interrupt interrupt(signals, [] { std::_Exit(1); });
        }
        std::_Exit(7);
      },
      testing::ExitedWithCode(7), "");
}

TEST_F(InterruptDeathTest, AfterwardsSignalsEndTheProcessAgain) {
  EXPECT_EXIT(
      {
        { const BlockedSignals signals; }
        kill(getpid(), SIGINT);
        sleep(20);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace stampd::client
