#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampd::tools {

/// A JSON value as it is written to a file: objects one key a line, in the order given, lists on one line unless they hold
/// objects. Infinity is spelt as Python's json spells it.
class Json {
 public:
  using Member = std::pair<std::string, Json>;

  Json(std::nullptr_t) : text_("null") {}
  Json(bool value) : text_(value ? "true" : "false") {}
  Json(int value) : text_(std::to_string(value)) {}
  Json(std::int64_t value) : text_(std::to_string(value)) {}
  Json(std::uint64_t value) : text_(std::to_string(value)) {}
  Json(double value);
  Json(const char* value) : Json(std::string_view(value)) {}
  Json(const std::string& value) : Json(std::string_view(value)) {}
  Json(std::string_view value);

  static Json Object(const std::vector<Member>& members);
  static Json List(const std::vector<Json>& items);

  const std::string& text() const { return text_; }
  std::string file_text() const { return text_ + "\n"; }

 private:
  std::string text_;
};

/// A list of whatever a Json can be made of.
template <typename Items>
Json JsonList(const Items& items) {
  return Json::List(std::vector<Json>(items.begin(), items.end()));
}

}  // namespace stampd::tools
