#include "engine/io/safetensors_header.h"

#include <cstring>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/io/raw_safetensors.h"
#include "tests/expect_broken.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::RawSafetensors;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Parses a copy that ends where it ends, so that a sanitizer sees a read beyond it.
std::vector<TensorRecord> Parse(const std::string& file) {
  const auto copy = std::make_unique<std::byte[]>(file.size());
  std::memcpy(copy.get(), file.data(), file.size());
  std::vector<TensorRecord> records = ParseSafetensors({copy.get(), file.size()}, "w.safetensors");
  for (TensorRecord& record : records) record.bytes = {};  // they would dangle
  return records;
}

const std::string kTwoTensors = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                R"("b":{"data_offsets":[8,14],"shape":[1,3],"dtype":"BF16"}})";

TEST(SafetensorsHeaderTest, ReadsTensorsInTheOrderOfTheirData) {
  const std::string file = RawSafetensors(kTwoTensors, "01234567abcdef");
  const std::vector<TensorRecord> records = ParseSafetensors(std::as_bytes(std::span(file)), "w.safetensors");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "a");
  EXPECT_EQ(records[0].dtype, DType::kF32);
  EXPECT_THAT(records[0].shape, ElementsAre(2));
  EXPECT_EQ(records[1].name, "b");
  EXPECT_EQ(records[1].dtype, DType::kBF16);
  EXPECT_THAT(records[1].shape, ElementsAre(1, 3));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(records[1].bytes.data()), records[1].bytes.size()), "abcdef");
  EXPECT_EQ(records[1].file, "w.safetensors");
}

TEST(SafetensorsHeaderTest, AFileWithoutTensorsIsOne) { EXPECT_THAT(Parse(RawSafetensors("{}", "")), IsEmpty()); }

TEST(SafetensorsHeaderTest, ScalarsAndEmptyTensorsAreTensors) {
  const std::vector<TensorRecord> records = Parse(
      RawSafetensors(R"({"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},)"
                     R"("s":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}})",
                     "01234567"));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_THAT(records[0].shape, ElementsAre(0, 5));
  EXPECT_THAT(records[1].shape, IsEmpty());
}

TEST(SafetensorsHeaderTest, KnowsEveryDType) {
  for (const char* name : {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"}) {
    const std::optional<DType> dtype = ParseDType(name);
    ASSERT_TRUE(dtype) << name;
    EXPECT_EQ(Name(*dtype), name);
    const std::string size = std::to_string(3 * BytesPerElement(*dtype));
    const std::string header = R"({"t":{"dtype":")" + std::string(name) + R"(","shape":[3],"data_offsets":[0,)" + size + "]}}";
    EXPECT_EQ(Parse(RawSafetensors(header, std::string(3 * BytesPerElement(*dtype), 'x')))[0].dtype, *dtype);
  }
}

TEST(SafetensorsHeaderTest, EveryTruncationIsRefused) {
  const std::string file = RawSafetensors(kTwoTensors, "01234567abcdef");
  ASSERT_EQ(Parse(file).size(), 2U);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(Parse(file.substr(0, size)), Broken) << "cut to " << size << " of " << file.size();
  }
}

TEST(SafetensorsHeaderTest, LengthsThatDoNotFitAreRefused) {
  ExpectBroken([] { Parse("1234567"); }, {"[safetensors] w.safetensors: expected a header length of 8 bytes, found a file of 7"});
  ExpectBroken([] { Parse(RawSafetensors("{}", "", 3)); }, {"at most 2 bytes", "a length of 3 in a file of 10"});
  ExpectBroken([] { Parse(RawSafetensors("{}", "", ~0ULL)); }, {"a length of 18446744073709551615"});
  std::string huge = RawSafetensors("{}", "", 100'000'001);
  huge.resize(8 + 100'000'001, ' ');
  ExpectBroken([&] { Parse(huge); }, {"at most 100000000 bytes, found a length of 100000001"});
}

struct BadHeader {
  const char* header;
  const char* data;
  std::vector<std::string> parts;
};

class BadHeaderTest : public ::testing::TestWithParam<BadHeader> {};

TEST_P(BadHeaderTest, IsRefusedWithTensorExpectedAndFound) {
  const BadHeader& bad = GetParam();
  SCOPED_TRACE(bad.header);
  try {
    Parse(RawSafetensors(bad.header, bad.data));
    ADD_FAILURE() << "accepted";
  } catch (const Broken& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("[safetensors] w.safetensors: "));
    for (const std::string& part : bad.parts) EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Json, BadHeaderTest,
    ::testing::Values(
        BadHeader{"", "", {"expected a JSON header"}}, BadHeader{"{", "", {"expected a JSON header"}},
        BadHeader{"{} x", "", {"expected a JSON header, found at byte 3"}}, BadHeader{"[]", "", {"found a list"}},
        BadHeader{"null", "", {"expected a JSON object of tensors, found null"}},
        BadHeader{"{\"\xff\":{}}", "", {"expected a JSON header", "encoding"}},
        BadHeader{R"({"t":3})", "", {"\"t\": expected an object of dtype, shape and data_offsets, found 3"}},
        BadHeader{R"({"t":{}})", "", {"\"t\": ", "found an object that lacks one of them"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[]}})", "", {"\"t\": ", "lacks one"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[],"strides":[]}})", "", {"\"t\": ", "found the key \"strides\""}},
        BadHeader{R"({"t":{"dtype":"U8","dtype":"U8"}})", "", {"\"t\": ", "found the key \"dtype\" twice"}},
        BadHeader{R"({"__metadata__":{"a":1}})", "", {"\"__metadata__\": expected an object of strings, found 1"}},
        BadHeader{R"({"__metadata__":[]})", "", {"\"__metadata__\": expected an object of strings, found a list"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                  "x",
                  {"\"t\": expected each name once, found it twice"}}));

INSTANTIATE_TEST_SUITE_P(
    Fields, BadHeaderTest,
    ::testing::Values(
        BadHeader{R"({"t":{"dtype":"F31","shape":[],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a dtype", "\"F31\""}},
        BadHeader{R"({"t":{"dtype":"f32","shape":[],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a dtype", "\"f32\""}},
        BadHeader{R"({"t":{"dtype":7,"shape":[],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a dtype", "found 7"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":4,"data_offsets":[0,4]}})", "0123", {"\"t\": expected a shape", "found 4"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a shape", "found -4"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a shape", "found 4"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a shape", "\"4\""}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}})", "0123", {"\"t\": expected a shape", "a list"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4]}})", "0123", {"2^63-1"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})",
            "0",
            {"\"t\": expected a shape", "more than 32 extents"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0]}})", "0123", {"\"t\": expected data_offsets", "a list of 1"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}})", "0123", {"\"t\": expected data_offsets", "found 4"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[-1,3]}})", "0123", {"\"t\": expected data_offsets", "found -1"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4.5]}})", "0123", {"\"t\": expected data_offsets", "4.5"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,18446744073709551616]}})", "0123", {"data_offsets", "1.8"}}));

INSTANTIATE_TEST_SUITE_P(
    Data, BadHeaderTest,
    ::testing::Values(
        BadHeader{R"({"t":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}})", "0123", {"\"t\": ", "at most 4, found [0, 5]"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[5],"data_offsets":[0,18446744073709551615]}})", "0123", {"\"t\": ", "at most 4"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[3,1]}})", "0123", {"\"t\": ", "in order", "found [3, 1]"}},
        BadHeader{
            R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "0123", {"expected 8 bytes for F32 [2], found", "[0, 4]"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}})", "0123", {"expected 3 bytes for U8 [3], found", "[0, 4]"}},
        BadHeader{R"({"t":{"dtype":"U8","shape":[1099511627776,1099511627776],"data_offsets":[0,0]}})",
                  "",
                  {"\"t\": expected a shape of less than 2^63 bytes, found [1099511627776, 1099511627776]"}},
        BadHeader{R"({"t":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", "", {"\"t\": ", "less than 2^63"}},
        BadHeader{
            R"({"t":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", "", {"\"t\": ", "less than 2^63"}},
        BadHeader{R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                  "012",
                  {"\"b\": expected data to begin at 2 (no overlap), found data_offsets [1, 3]"}},
        BadHeader{R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                  "01",
                  {"\"b\": expected data to begin at 2 (no overlap), found data_offsets [0, 2]"}},
        BadHeader{R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
                  "0123",
                  {"\"b\": expected data to begin at 4 (no overlap)"}},
        BadHeader{R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                  "012",
                  {"\"b\": expected data to begin at 1 (no hole), found data_offsets [2, 3]"}},
        BadHeader{
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "01", {"\"a\": expected data to begin at 0 (no hole)"}},
        BadHeader{R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "01", {"expected 1 bytes of data", "found 2"}}));

TEST(SafetensorsHeaderTest, TensorsNeedNotBeAligned) {
  const std::string header = R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} )";
  ASSERT_NE(header.size() % 4, 0U);
  EXPECT_THAT(Parse(RawSafetensors(header, "0123", header.size())).front().shape, ElementsAre(1));
}

TEST(SafetensorsHeaderTest, DeepNestingCostsNoStack) {
  const std::string deep(50'000'000, '[');
  for (const char* start : {"", R"({"t":)", R"({"__metadata__":)", R"({"t":{"shape":)", R"({"__metadata__":{"a":)"}) {
    EXPECT_THROW(Parse(RawSafetensors(start + deep, "")), Broken) << start;
  }
}

TEST(SafetensorsHeaderTest, ANulByteDoesNotEndTheHeader) {
  ExpectBroken([] { Parse(RawSafetensors(std::string("{}\0{]", 5), "")); }, {"found a NUL byte at 2"});
}

TEST(SafetensorsHeaderTest, NamesInErrorsAreShortAndPrintable) {
  const std::string header = R"({"a\n)" + std::string(100'000, 'x') + R"(":3})";
  try {
    Parse(RawSafetensors(header, ""));
    ADD_FAILURE() << "accepted";
  } catch (const Broken& error) {
    EXPECT_LT(std::strlen(error.what()), 400U);
    EXPECT_EQ(std::strchr(error.what(), '\n'), nullptr);
  }
}

TEST(SafetensorsHeaderTest, RandomDamageIsRefusedOrHarmless) {
  const std::string file = RawSafetensors(kTwoTensors, "01234567abcdef");
  std::mt19937 random(20240607);
  const std::string alphabet = "{}[]\":,-0123456789.eE\\u\x00\x01\x7f\x80\xff aFUB_";
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = file;
    for (unsigned hits = 1 + random() % 4; hits > 0; --hits)
      damaged[random() % damaged.size()] = alphabet[random() % alphabet.size()];
    try {
      for (const TensorRecord& record : Parse(damaged)) EXPECT_LE(record.shape.size(), 32U);
    } catch (const Broken&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace stampd::io
