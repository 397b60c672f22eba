#include "engine/io/checkpoint.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/io/json.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = "model_index.json";

[[noreturn]] void Fail(const fs::path& place, const std::string& what) {
  throw Broken("[checkpoint] " + place.string() + ": " + what);
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string WhatIsAt(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) ? "not a directory" : "nothing there";
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

// An entry is ["library", "Class"], or [null, null] for a part that this pipeline does without. What else stands in the index
// (versions, "requires_safety_checker") describes the pipeline, not a part.
bool IsComponent(const rapidjson::Value& entry, const fs::path& index, std::string_view name) {
  if (!entry.IsArray()) return false;
  const bool pair = entry.Size() == 2;
  if (pair && entry[0].IsNull() && entry[1].IsNull()) return false;
  if (!pair || !entry[0].IsString() || !entry[1].IsString() || !IsPlainName(name)) {
    Fail(index, Quote(name) + ": expected a folder's name with [\"library\", \"Class\"] or [null, null], found " + Describe(entry));
  }
  return true;
}

// Some repositories hold only "transformer/": their root stands for that folder.
fs::path Overridden(const fs::path& given, const std::string& name) { return IsFolder(given / name) ? given / name : given; }

std::string NamesOf(const std::vector<Component>& components) {
  std::string names;
  for (const Component& component : components) names += (names.empty() ? "" : ", ") + component.name;
  return names.empty() ? "none" : names;
}

std::vector<Component> ReadComponents(const rapidjson::Document& document, const fs::path& index, const fs::path& folder) {
  std::vector<Component> components;
  for (const auto& [key, value] : document.GetObject()) {
    const std::string name(key.GetString(), key.GetStringLength());
    if (name.starts_with('_') || !IsComponent(value, index, name)) continue;
    components.push_back({name, value[0].GetString(), value[1].GetString(), folder / name});
  }
  std::sort(components.begin(), components.end(), [](const Component& a, const Component& b) { return a.name < b.name; });
  const auto same = [](const Component& a, const Component& b) { return a.name == b.name; };
  const auto twin = std::adjacent_find(components.begin(), components.end(), same);
  if (twin != components.end()) Fail(index, Quote(twin->name) + ": expected each component once, found it twice");
  return components;
}

void Override(std::vector<Component>& components, const std::string& name, const fs::path& given, const fs::path& index) {
  const auto found = std::find_if(components.begin(), components.end(), [&](const Component& c) { return c.name == name; });
  if (found == components.end())
    Fail(index, "expected a component to override (" + NamesOf(components) + "), found " + Quote(name));
  if (!IsFolder(given)) Fail(given, "expected a directory for component " + Quote(name) + ", found " + WhatIsAt(given));
  found->folder = Overridden(given, name);
}

}  // namespace

Checkpoint Checkpoint::Open(const fs::path& folder, const std::map<std::string, fs::path>& overrides) {
  if (!IsFolder(folder)) Fail(folder, "expected a directory that holds a pipeline, found " + WhatIsAt(folder));
  const fs::path index = folder / kIndex;
  const rapidjson::Document document = ReadJson(index, "checkpoint");
  if (!document.IsObject()) Fail(index, "expected a JSON object, found " + Describe(document));
  const auto pipeline_class = document.FindMember("_class_name");
  if (pipeline_class == document.MemberEnd() || !pipeline_class->value.IsString()) {
    Fail(index, "_class_name: expected a string, found " +
                    (pipeline_class == document.MemberEnd() ? "no such key" : Describe(pipeline_class->value)));
  }

  Checkpoint checkpoint;
  checkpoint.folder_ = folder;
  checkpoint.pipeline_class_ = pipeline_class->value.GetString();
  checkpoint.components_ = ReadComponents(document, index, folder);
  for (const auto& [name, given] : overrides) Override(checkpoint.components_, name, given, index);
  for (const Component& component : checkpoint.components_) {
    if (IsFolder(component.folder)) continue;
    Fail(component.folder, "expected a directory for component " + Quote(component.name) + ", found " + WhatIsAt(component.folder));
  }
  return checkpoint;
}

bool Checkpoint::Has(std::string_view name) const {
  return std::any_of(components_.begin(), components_.end(), [&](const Component& c) { return c.name == name; });
}

const Component& Checkpoint::Get(std::string_view name) const {
  const auto found = std::find_if(components_.begin(), components_.end(), [&](const Component& c) { return c.name == name; });
  if (found == components_.end()) Fail(folder_, "expected a component " + Quote(name) + ", found " + NamesOf(components_));
  return *found;
}

}  // namespace stampd::io
