#include "server/log.h"

#include <cmath>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <rapidjson/document.h>

namespace stampd::server {
namespace {

using testing::EndsWith;
using testing::MatchesRegex;

TEST(LogTest, TextIsTimeLevelEventAndFields) {
  std::ostringstream out;
  Log(LogFormat::kText, out).Info("request", {{"code", "OK"}, {"seconds", 1.5}, {"steps", std::int64_t{20}}});
  EXPECT_THAT(out.str(), MatchesRegex("....-..-..T..:..:..\\....Z info request code=OK seconds=1.5 steps=20\n"));
}

TEST(LogTest, TextQuotesWhatWouldBreakTheLine) {
  std::ostringstream out;
  Log(LogFormat::kText, out).Error("request", {{"error", "two words\nand \"quotes\""}, {"empty", ""}});
  EXPECT_THAT(out.str(), EndsWith(" error request error=\"two words\\nand \\\"quotes\\\"\" empty=\"\"\n"));
}

TEST(LogTest, JsonLinesParseBack) {
  const std::string nasty = "tab\t quote\" back\\slash \x01 \xf0\x9f\x90\x88";
  std::ostringstream out;
  Log(LogFormat::kJson, out)
      .Info("request", {{"text", nasty}, {"number", 0.25}, {"integer", std::int64_t{-3}}, {"nan", std::nan("")}});
  rapidjson::Document line;
  ASSERT_FALSE(line.Parse(out.str().c_str()).HasParseError()) << out.str();
  EXPECT_STREQ(line["level"].GetString(), "info");
  EXPECT_STREQ(line["event"].GetString(), "request");
  EXPECT_EQ(line["text"].GetString(), nasty);
  EXPECT_EQ(line["number"].GetDouble(), 0.25);
  EXPECT_EQ(line["integer"].GetInt(), -3);
  EXPECT_TRUE(line["nan"].IsNull());
}

TEST(LogTest, JsonStaysUtf8WhateverItIsTold) {
  std::ostringstream out;
  Log(LogFormat::kJson, out).Info("request", {{"text", "bad \xff byte"}});
  rapidjson::Document line;
  ASSERT_FALSE(line.Parse<rapidjson::kParseValidateEncodingFlag>(out.str().c_str()).HasParseError());
  EXPECT_STREQ(line["text"].GetString(), "bad ? byte");
}

TEST(LogTest, LinesOfSeveralThreadsDoNotMix) {
  std::ostringstream out;
  Log log(LogFormat::kJson, out);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 100; ++i) log.Info("request", {{"i", std::int64_t{i}}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(out.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    rapidjson::Document document;
    EXPECT_FALSE(document.Parse(line.c_str()).HasParseError()) << line;
  }
  EXPECT_EQ(count, 400);
}

}  // namespace
}  // namespace stampd::server
