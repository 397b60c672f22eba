#pragma once

#include <initializer_list>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace stampd::testing {

/// `action` must throw Broken with a message that holds all of `parts`.
template <typename Action>
void ExpectBroken(Action action, std::initializer_list<std::string> parts) {
  try {
    action();
    ADD_FAILURE() << "expected Broken with " << ::testing::PrintToString(parts) << ", found no error";
  } catch (const Broken& error) {
    for (const std::string& part : parts) EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

}  // namespace stampd::testing
