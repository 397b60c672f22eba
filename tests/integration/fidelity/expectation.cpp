#include "tests/integration/fidelity/expectation.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string_view>

#include <rapidjson/document.h>

#include "engine/base/error.h"
#include "engine/io/json.h"
#include "tests/integration/fidelity/colours.h"
#include "tests/integration/fidelity/shapes.h"

namespace stampd::fidelity {
namespace {

constexpr std::string_view kPlace = "expectation";

// One line, and how to complain about it.
class Line {
 public:
  Line(const std::string& text, const std::string& where) : where_(where), document_(io::ParseJson(text, kPlace, where)) {}

  const rapidjson::Value& document() const { return document_; }

  const rapidjson::Value& Member(const rapidjson::Value& object, const char* name) const {
    if (!object.IsObject() || !object.HasMember(name)) Complain(std::string("expected a member \"") + name + "\"");
    return object[name];
  }

  std::string Text(const rapidjson::Value& object, const char* name) const {
    const rapidjson::Value& value = Member(object, name);
    if (!value.IsString()) Complain(std::string(name) + ": expected a string, found " + io::Describe(value));
    return {value.GetString(), value.GetStringLength()};
  }

  template <typename Words>
  std::string OneOf(const rapidjson::Value& object, const char* name, const Words& words) const {
    std::string text = Text(object, name);
    if (std::find(std::begin(words), std::end(words), text) != std::end(words)) return text;
    std::string message = std::string(name) + ": expected";
    for (const std::string_view word : words) message += " \"" + std::string(word) + "\"";
    Complain(message + ", found \"" + text + "\"");
  }

  [[noreturn]] void Complain(const std::string& message) const {
    throw Broken("[" + std::string(kPlace) + "] " + where_ + ": " + message);
  }

 private:
  std::string where_;
  rapidjson::Document document_;
};

using Words = std::initializer_list<std::string_view>;

void ReadObjects(const Line& line, Expectation& expectation) {
  const rapidjson::Value& objects = line.Member(line.document(), "objects");
  if (!objects.IsArray() || objects.Empty() || objects.Size() > 2) {
    line.Complain("objects: expected a list of 1 or 2, found " + io::Describe(objects));
  }
  for (const rapidjson::Value& object : objects.GetArray()) {
    expectation.objects.push_back({line.OneOf(object, "shape", kShapes), line.OneOf(object, "colour", kColours)});
  }
}

Expectation Read(const std::string& text, const std::string& where) {
  const Line line(text, where);
  const rapidjson::Value& document = line.document();
  Expectation expectation;
  expectation.prompt = line.Text(document, "prompt");
  const rapidjson::Value& seed = line.Member(document, "seed");
  if (!seed.IsUint64()) line.Complain("seed: expected a whole number, found " + io::Describe(seed));
  expectation.seed = seed.GetUint64();
  ReadObjects(line, expectation);
  if (expectation.IsPair()) {
    expectation.relation = line.OneOf(document, "relation", Words{"left of", "above"});
  } else {
    expectation.row = line.OneOf(document, "row", Words{"top", "middle", "bottom"});
    expectation.column = line.OneOf(document, "column", Words{"left", "middle", "right"});
  }
  return expectation;
}

}  // namespace

std::vector<Expectation> ReadExpectations(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw Broken("[" + std::string(kPlace) + "] " + file.string() + ": cannot be opened");
  std::vector<Expectation> expectations;
  int number = 0;
  for (std::string text; std::getline(stream, text);) {
    ++number;
    if (!text.empty()) expectations.push_back(Read(text, file.string() + ", line " + std::to_string(number)));
  }
  if (expectations.empty()) throw Broken("[" + std::string(kPlace) + "] " + file.string() + ": expected JSON lines, found none");
  return expectations;
}

}  // namespace stampd::fidelity
