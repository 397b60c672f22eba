#include "engine/io/tensor_archive.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/mapped_file.h"
#include "engine/io/safetensors_header.h"
#include "engine/io/text.h"
#include "engine/io/weight_files.h"

namespace stampd::io {

struct TensorArchive::State {
  std::vector<MappedFile> maps;
  std::vector<std::filesystem::path> files;
  std::vector<TensorRecord> records;  // sorted by name
};

namespace {

bool ByName(const TensorRecord& a, const TensorRecord& b) { return a.name < b.name; }

const TensorRecord* FindByName(std::span<const TensorRecord> sorted, std::string_view name) {
  const auto less = [](const TensorRecord& record, std::string_view wanted) { return record.name < wanted; };
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), name, less);
  return found != sorted.end() && found->name == name ? &*found : nullptr;
}

[[noreturn]] void Disagree(const std::filesystem::path& file, std::string_view name, const std::string& what) {
  throw Broken("[safetensors] " + file.string() + ": " + Quote(name) + ": " + what);
}

void CheckUnique(const std::vector<TensorRecord>& sorted) {
  const auto same = [](const TensorRecord& a, const TensorRecord& b) { return a.name == b.name; };
  const auto twin = std::adjacent_find(sorted.begin(), sorted.end(), same);
  if (twin == sorted.end()) return;
  Disagree(std::next(twin)->file, twin->name, "expected each name in one shard, found it in " + twin->file.string() + " too");
}

// Both are sorted by name, each name once.
void CheckIndex(const WeightFiles& files, const std::vector<TensorRecord>& records) {
  for (const TensorRecord& record : records) {
    const auto entry = files.weight_map.find(record.name);
    if (entry == files.weight_map.end()) {
      Disagree(record.file, record.name, "expected only tensors that " + files.index.string() + " names, found this one");
    }
    if (entry->second != record.file.filename()) {
      Disagree(record.file, record.name,
               "expected it in " + Quote(entry->second) + " as " + files.index.string() + " says, found it here");
    }
  }
  for (const auto& [name, file] : files.weight_map) {
    if (FindByName(records, name) != nullptr) continue;
    Disagree(files.index, name, "expected it in " + Quote(file) + ", found no such tensor there");
  }
}

}  // namespace

TensorArchive::TensorArchive(std::unique_ptr<State> state) : state_(std::move(state)) {}

TensorArchive::~TensorArchive() = default;

std::shared_ptr<const TensorArchive> TensorArchive::Open(const std::filesystem::path& folder, std::string_view stem,
                                                         std::string_view preferred_variant) {
  WeightFiles files = FindWeightFiles(folder, stem, preferred_variant);
  auto state = std::make_unique<State>();
  for (const std::filesystem::path& file : files.files) {
    std::vector<TensorRecord> records = ParseSafetensors(state->maps.emplace_back(file).bytes(), file);
    std::move(records.begin(), records.end(), std::back_inserter(state->records));
  }
  std::sort(state->records.begin(), state->records.end(), ByName);
  CheckUnique(state->records);
  if (!files.index.empty()) CheckIndex(files, state->records);
  state->files = std::move(files.files);
  return std::shared_ptr<const TensorArchive>(new TensorArchive(std::move(state)));
}

std::span<const TensorRecord> TensorArchive::tensors() const { return state_->records; }

const TensorRecord* TensorArchive::Find(std::string_view name) const { return FindByName(state_->records, name); }

std::span<const std::filesystem::path> TensorArchive::files() const { return state_->files; }

void TensorArchive::Release(const TensorRecord& record) const {
  for (const MappedFile& map : state_->maps) {
    if (map.path() == record.file) map.Drop(record.bytes);
  }
}

}  // namespace stampd::io
