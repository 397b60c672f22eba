#include "engine/io/weight_files.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/io/json.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxListed = 12;

// A file name, or an index that names files.
struct Candidate {
  std::string name;
  bool is_index = false;
};

std::vector<Candidate> Candidates(std::string_view stem, std::string_view preferred_variant) {
  const std::string base(stem);
  std::vector<Candidate> list = {{base + ".safetensors"}, {base + ".safetensors.index.json", true}};
  std::vector<std::string> variants = {"fp16", "bf16"};
  if (!preferred_variant.empty()) {
    std::erase(variants, preferred_variant);
    variants.emplace(variants.begin(), preferred_variant);
  }
  for (const std::string& variant : variants) {
    list.push_back({base + "." + variant + ".safetensors"});
    list.push_back({base + ".safetensors.index." + variant + ".json", true});
    list.push_back({base + ".safetensors." + variant + ".index.json", true});
  }
  return list;
}

std::string ListFolder(const fs::path& folder) {
  std::error_code error;
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) names.insert(entry.path().filename().string());
  if (error) return error.message();
  std::string text;
  std::size_t listed = 0;
  for (const std::string& name : names) {
    if (listed++ == kMaxListed) return text + ", …";
    text += (text.empty() ? "" : ", ") + Quote(name);
  }
  return text.empty() ? "nothing" : text;
}

[[noreturn]] void NothingFound(const fs::path& folder, const std::vector<Candidate>& candidates) {
  std::string names;
  for (const Candidate& candidate : candidates) names += (names.empty() ? "" : ", ") + candidate.name;
  throw Broken("[safetensors] " + folder.string() + ": expected one of " + names + ", found " + ListFolder(folder));
}

// Whether `name` can only be a file of the folder itself.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

WeightFiles ReadIndex(const fs::path& folder, const fs::path& index) {
  const std::string start = "[safetensors] " + index.string() + ": ";
  const rapidjson::Document document = ReadJson(index, "safetensors");
  if (!document.IsObject() || !document.HasMember("weight_map") || !document["weight_map"].IsObject()) {
    throw Broken(start + "expected an object with an object \"weight_map\", found " + Describe(document) +
                 (document.IsObject() ? " without one" : ""));
  }
  WeightFiles found{.files = {}, .index = index, .weight_map = {}};
  std::set<std::string> names;
  for (const auto& [key, value] : document["weight_map"].GetObject()) {
    const std::string tensor(key.GetString(), key.GetStringLength());
    if (!value.IsString() || !IsPlainName({value.GetString(), value.GetStringLength()})) {
      throw Broken(start + Quote(tensor) + ": expected the name of a file in this folder, found " + Describe(value));
    }
    const std::string file(value.GetString(), value.GetStringLength());
    if (!found.weight_map.emplace(tensor, file).second) {
      throw Broken(start + Quote(tensor) + ": expected each name once, found it twice");
    }
    names.insert(file);
  }
  if (names.empty()) throw Broken(start + "expected a \"weight_map\" that names files, found an empty one");
  for (const std::string& name : names) found.files.push_back(folder / name);
  return found;
}

}  // namespace

WeightFiles FindWeightFiles(const fs::path& folder, std::string_view stem, std::string_view preferred_variant) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) throw Broken("[safetensors] " + folder.string() + ": expected a directory, found none");
  const std::vector<Candidate> candidates = Candidates(stem, preferred_variant);
  for (const Candidate& candidate : candidates) {
    const fs::path file = folder / candidate.name;
    // A dangling link is what an unfinished download leaves: its error should name it.
    if (!fs::exists(fs::symlink_status(file, ignored))) continue;
    if (candidate.is_index) return ReadIndex(folder, file);
    return {.files = {file}, .index = {}, .weight_map = {}};
  }
  NothingFound(folder, candidates);
}

}  // namespace stampd::io
