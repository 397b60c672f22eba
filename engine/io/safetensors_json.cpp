#include "engine/io/safetensors_json.h"

#include <limits>
#include <optional>
#include <unordered_set>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

constexpr std::size_t kMaxExtents = 32;
constexpr std::string_view kMetadata = "__metadata__";

// Takes RapidJSON's events. The grammar is small enough for a state each: which value may come next.
class HeaderHandler {
 public:
  explicit HeaderHandler(const std::string& start) : start_(start) {}

  std::vector<HeaderEntry> Finish() { return std::move(entries_); }

  bool Null() { return Unexpected("null"); }
  bool Bool(bool value) { return Unexpected(value ? "true" : "false"); }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int64(std::int64_t value) {
    return value < 0 ? Unexpected(std::to_string(value)) : Uint64(static_cast<std::uint64_t>(value));
  }
  bool Double(double value) { return Unexpected(NumberText(value)); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) { return Unexpected(std::string(text, length)); }

  bool Uint64(std::uint64_t value) {
    if (state_ == State::kExtents) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Unexpected(std::to_string(value));
      if (entry_.shape.size() == kMaxExtents) return Unexpected("more than " + std::to_string(kMaxExtents) + " extents");
      entry_.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (state_ == State::kOffsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry_.begin : entry_.end) = value;
      return true;
    }
    return Unexpected(std::to_string(value));
  }

  bool String(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view value(text, length);
    if (state_ == State::kMetadataValue) return Become(State::kMetadataKey);
    if (state_ != State::kDType) return Unexpected("the string " + Quote(value));
    const std::optional<DType> dtype = ParseDType(value);
    if (!dtype) return Unexpected("the string " + Quote(value));
    entry_.dtype = *dtype;
    return Become(State::kField);
  }

  bool StartObject() {
    if (state_ == State::kStart) return Become(State::kName);
    if (state_ == State::kMetadata) return Become(State::kMetadataKey);
    if (state_ == State::kTensor) return Become(State::kField);
    return Unexpected("an object");
  }

  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view key(text, length);
    if (state_ == State::kName) return TensorName(key);
    if (state_ == State::kMetadataKey) return Become(State::kMetadataValue);
    return Field(key);
  }

  bool EndObject(rapidjson::SizeType) {
    if (state_ == State::kName) return Become(State::kEnd);
    if (state_ == State::kField) {
      if (!has_dtype_ || !has_shape_ || !has_offsets_) return Unexpected("an object that lacks one of them");
      entries_.push_back(std::move(entry_));
    }
    where_.clear();
    return Become(State::kName);
  }

  bool StartArray() {
    if (state_ == State::kShape) return Become(State::kExtents);
    if (state_ == State::kOffsetList) return Become(State::kOffsets);
    return Unexpected("a list");
  }

  bool EndArray(rapidjson::SizeType) {
    if (state_ == State::kOffsets && offsets_ != 2) return Unexpected("a list of " + std::to_string(offsets_));
    return Become(State::kField);
  }

 private:
  enum class State {
    kStart,
    kName,  // a tensor's name or __metadata__, or the end
    kTensor,
    kField,  // a key of a tensor's object, or its end
    kDType,
    kShape,
    kExtents,
    kOffsetList,
    kOffsets,
    kMetadata,
    kMetadataKey,
    kMetadataValue,
    kEnd,
  };

  bool Become(State state) {
    state_ = state;
    return true;
  }

  bool TensorName(std::string_view name) {
    where_ = Quote(name) + ": ";
    if (!names_.emplace(name).second) throw Broken(start_ + where_ + "expected each name once, found it twice");
    if (name == kMetadata) return Become(State::kMetadata);
    entry_ = {};
    entry_.name = name;
    has_dtype_ = has_shape_ = has_offsets_ = false;
    offsets_ = 0;
    return Become(State::kTensor);
  }

  bool Field(std::string_view key) {
    const auto once = [&](bool& has, State next) {
      if (has) return Unexpected("the key " + Quote(key) + " twice");
      has = true;
      return Become(next);
    };
    if (key == "dtype") return once(has_dtype_, State::kDType);
    if (key == "shape") return once(has_shape_, State::kShape);
    if (key == "data_offsets") return once(has_offsets_, State::kOffsetList);
    return Unexpected("the key " + Quote(key));
  }

  static std::string_view Expected(State state) {
    switch (state) {
      case State::kStart:
      case State::kTensor:
      case State::kField:
        return state == State::kStart ? "a JSON object of tensors" : "an object of dtype, shape and data_offsets";
      case State::kDType:
        return "a dtype (F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, F8_E4M3 or F8_E5M2)";
      case State::kShape:
      case State::kExtents:
        return "a shape: a list of at most 32 whole numbers from 0 to 2^63-1";
      case State::kOffsetList:
      case State::kOffsets:
        return "data_offsets: a list of two whole numbers from 0 to 2^64-1";
      default:
        return "an object of strings";
    }
  }

  [[noreturn]] bool Unexpected(const std::string& found) {
    throw Broken(start_ + where_ + "expected " + std::string(Expected(state_)) + ", found " + found);
  }

  std::string start_;
  std::string where_;
  State state_ = State::kStart;
  HeaderEntry entry_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  int offsets_ = 0;
  std::vector<HeaderEntry> entries_;
  std::unordered_set<std::string> names_;
};

}  // namespace

std::vector<HeaderEntry> ParseSafetensorsJson(std::string_view json, const std::string& start) {
  // RapidJSON takes a NUL byte for the end of the text and would not look at what follows.
  if (const std::size_t nul = json.find('\0'); nul != json.npos) {
    throw Broken(start + "expected a JSON header, found a NUL byte at " + std::to_string(nul));
  }
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(json.data(), json.size());
  HeaderHandler handler(start);
  rapidjson::Reader reader;
  if (const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler); result.IsError()) {
    throw Broken(start + "expected a JSON header, found at byte " + std::to_string(result.Offset()) + ": " +
                 rapidjson::GetParseError_En(result.Code()));
  }
  return handler.Finish();
}

}  // namespace stampd::io
