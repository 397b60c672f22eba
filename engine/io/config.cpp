#include "engine/io/config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/json.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

using rapidjson::Value;

// Each kind gives nothing for a value of another one, and says what it wants.
struct BoolKind {
  using Type = bool;
  static constexpr std::string_view kExpected = "true or false";
  static std::optional<bool> Read(const Value& value) { return value.IsBool() ? std::optional(value.GetBool()) : std::nullopt; }
};

struct IntKind {
  using Type = std::int64_t;
  static constexpr std::string_view kExpected = "a whole number of 64 bits";
  static std::optional<std::int64_t> Read(const Value& value) {
    if (value.IsInt64()) return value.GetInt64();
    if (!value.IsDouble()) return std::nullopt;
    const double number = value.GetDouble();
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    if (!(number >= -kLimit && number < kLimit) || number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
};

struct DoubleKind {
  using Type = double;
  static constexpr std::string_view kExpected = "a number";
  static std::optional<double> Read(const Value& value) {
    return value.IsNumber() ? std::optional(value.GetDouble()) : std::nullopt;
  }
};

struct StringKind {
  using Type = std::string;
  static constexpr std::string_view kExpected = "a string";
  static std::optional<std::string> Read(const Value& value) {
    return value.IsString() ? std::optional(std::string(value.GetString(), value.GetStringLength())) : std::nullopt;
  }
};

struct IntsKind {
  using Type = std::vector<std::int64_t>;
  static constexpr std::string_view kExpected = "a list of whole numbers of 64 bits";
  static std::optional<Type> Read(const Value& value) {
    if (!value.IsArray()) return std::nullopt;
    Type numbers;
    for (const Value& item : value.GetArray()) {
      const std::optional<std::int64_t> number = IntKind::Read(item);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
    return numbers;
  }
};

std::string_view NameOf(const Value::Member& member) { return {member.name.GetString(), member.name.GetStringLength()}; }

}  // namespace

struct Config::State {
  std::shared_ptr<const rapidjson::Document> document;  // owns what `object` points to
  const Value* object = nullptr;                        // null stands for {}
  std::string file;
  std::string path;  // of this object inside the file: "quantization_config."

  static std::shared_ptr<const State> Of(rapidjson::Document&& parsed, std::string file) {
    const auto document = std::make_shared<const rapidjson::Document>(std::move(parsed));
    if (!document->IsObject()) throw Broken("[config] " + file + ": expected a JSON object, found " + Describe(*document));
    return std::make_shared<const State>(State{document, document.get(), std::move(file), {}});
  }

  // The last of equal keys counts, as in Python's json.
  const Value* Find(std::string_view key) const {
    if (object == nullptr) return nullptr;
    for (auto member = object->MemberEnd(); member != object->MemberBegin();) {
      if (NameOf(*--member) == key) return &member->value;
    }
    return nullptr;
  }

  const Value* FindUnlessNull(std::string_view key) const {
    const Value* value = Find(key);
    return value == nullptr || value->IsNull() ? nullptr : value;
  }

  // The value of a key without which there is nothing to go on.
  const Value& Demand(std::string_view key, std::string_view expected) const {
    const Value* value = Find(key);
    if (value == nullptr) Wrong(std::string(key), expected, "no such key");
    return *value;
  }

  [[noreturn]] void Wrong(const std::string& key, std::string_view expected, const std::string& found) const {
    throw Broken("[config] " + file + ": " + path + key + ": expected " + std::string(expected) + ", found " + found);
  }

  template <typename Kind>
  typename Kind::Type Read(const std::string& key, const Value& value) const {
    std::optional<typename Kind::Type> read = Kind::Read(value);
    if (!read) Wrong(key, Kind::kExpected, Describe(value));
    return *std::move(read);
  }

  template <typename Kind>
  std::optional<typename Kind::Type> Optional(std::string_view key) const {
    const Value* value = FindUnlessNull(key);
    if (value == nullptr) return std::nullopt;
    return Read<Kind>(std::string(key), *value);
  }

  template <typename Kind>
  typename Kind::Type One(std::string_view key, std::optional<typename Kind::Type> fallback) const {
    if (fallback && FindUnlessNull(key) == nullptr) return *std::move(fallback);
    return Read<Kind>(std::string(key), Demand(key, Kind::kExpected));
  }

  template <typename Kind>
  std::vector<typename Kind::Type> List(std::string_view key, std::optional<std::vector<typename Kind::Type>> fallback) const {
    if (fallback && FindUnlessNull(key) == nullptr) return *std::move(fallback);
    const Value& list = Demand(key, "a list");
    if (!list.IsArray()) Wrong(std::string(key), "a list", Describe(list));
    std::vector<typename Kind::Type> values;
    for (const Value& item : list.GetArray()) {
      values.push_back(Read<Kind>(std::string(key) + "[" + std::to_string(values.size()) + "]", item));
    }
    return values;
  }
};

Config::Config(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Config Config::Read(const std::filesystem::path& file) { return Config(State::Of(ReadJson(file, "config"), file.string())); }

Config Config::Parse(std::string_view json, std::string name) {
  rapidjson::Document document = ParseJson(json, "config", name);
  return Config(State::Of(std::move(document), std::move(name)));
}

const std::string& Config::file() const { return state_->file; }

bool Config::Has(std::string_view key) const { return state_->Find(key) != nullptr; }

bool Config::IsObject(std::string_view key) const {
  const Value* value = state_->Find(key);
  return value != nullptr && value->IsObject();
}

bool Config::IsList(std::string_view key) const {
  const Value* value = state_->Find(key);
  return value != nullptr && value->IsArray();
}

std::vector<std::string> Config::keys() const {
  std::vector<std::string> names;
  if (state_->object == nullptr) return names;
  for (const Value::Member& member : state_->object->GetObject()) names.emplace_back(NameOf(member));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool Config::Bool(std::string_view key, std::optional<bool> fallback) const { return state_->One<BoolKind>(key, fallback); }

std::int64_t Config::Int(std::string_view key, std::optional<std::int64_t> fallback) const {
  return state_->One<IntKind>(key, fallback);
}

double Config::Double(std::string_view key, std::optional<double> fallback) const { return state_->One<DoubleKind>(key, fallback); }

std::string Config::String(std::string_view key, std::optional<std::string> fallback) const {
  return state_->One<StringKind>(key, std::move(fallback));
}

std::vector<std::int64_t> Config::Ints(std::string_view key, std::optional<std::vector<std::int64_t>> fallback) const {
  return state_->List<IntKind>(key, std::move(fallback));
}

std::vector<std::vector<std::int64_t>> Config::IntLists(std::string_view key,
                                                        std::optional<std::vector<std::vector<std::int64_t>>> fallback) const {
  return state_->List<IntsKind>(key, std::move(fallback));
}

std::vector<double> Config::Doubles(std::string_view key, std::optional<std::vector<double>> fallback) const {
  return state_->List<DoubleKind>(key, std::move(fallback));
}

std::vector<std::string> Config::Strings(std::string_view key, std::optional<std::vector<std::string>> fallback) const {
  return state_->List<StringKind>(key, std::move(fallback));
}

std::size_t Config::OneOf(std::string_view key, std::span<const std::string_view> names) const {
  std::string expected = "one of";
  for (const std::string_view name : names) expected += (name == names.front() ? " " : ", ") + JsonString(name);
  const Value& value = state_->Demand(key, expected);
  const std::optional<std::string> found = StringKind::Read(value);
  const auto place = found ? std::ranges::find(names, *found) : names.end();
  if (place == names.end()) state_->Wrong(std::string(key), expected, Describe(value));
  return static_cast<std::size_t>(place - names.begin());
}

std::optional<std::int64_t> Config::OptionalInt(std::string_view key) const { return state_->Optional<IntKind>(key); }

std::optional<double> Config::OptionalDouble(std::string_view key) const { return state_->Optional<DoubleKind>(key); }

std::optional<bool> Config::OptionalBool(std::string_view key) const { return state_->Optional<BoolKind>(key); }

std::optional<std::string> Config::OptionalString(std::string_view key) const { return state_->Optional<StringKind>(key); }

Config Config::Object(std::string_view key) const {
  const Value* object = state_->FindUnlessNull(key);
  if (object != nullptr && !object->IsObject()) state_->Wrong(std::string(key), "an object", Describe(*object));
  return Config(
      std::make_shared<const State>(State{state_->document, object, state_->file, state_->path + std::string(key) + "."}));
}

std::vector<Config> Config::Objects(std::string_view key) const {
  std::vector<Config> objects;
  const Value* list = state_->FindUnlessNull(key);
  if (list == nullptr) return objects;
  if (!list->IsArray()) state_->Wrong(std::string(key), "a list of objects", Describe(*list));
  for (const Value& item : list->GetArray()) {
    const std::string place = std::string(key) + "[" + std::to_string(objects.size()) + "]";
    if (!item.IsObject()) state_->Wrong(place, "an object", Describe(item));
    objects.push_back(
        Config(std::make_shared<const State>(State{state_->document, &item, state_->file, state_->path + place + "."})));
  }
  return objects;
}

}  // namespace stampd::io
