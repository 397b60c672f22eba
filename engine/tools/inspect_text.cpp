#include "engine/io/text.h"
#include "engine/tools/inspect.h"
#include "engine/tools/json.h"
#include "engine/tools/table.h"

namespace stampd::tools {
namespace {

std::string Joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string Components(const CheckpointReport& report) {
  Table table({{"component"}, {"class"}, {"dtype"}, {"recipe"}, {"parameters", Table::kRight}, {"bytes", Table::kRight}});
  std::uint64_t parameters = 0, bytes = 0;
  for (const ComponentReport& part : report.components) {
    const bool has = part.weights != nullptr;
    table.Add({part.component.name, part.component.class_name, Joined(part.dtypes), part.recipe,
               has ? Grouped(part.parameters) : "", has ? Grouped(part.weight_bytes) : ""});
    parameters += part.parameters;
    bytes += part.weight_bytes;
  }
  table.Add({"total", "", "", "", Grouped(parameters), Grouped(bytes)});
  return table.Text();
}

std::string Files(const CheckpointReport& report) {
  Table table({{"file"}, {"bytes", Table::kRight}, {"sha256"}});
  for (const ComponentReport& part : report.components) {
    for (const io::FileDigest& file : part.files) table.Add({file.name, Grouped(file.bytes), file.sha256});
  }
  return table.Text();
}

std::string Tensors(const CheckpointReport& report) {
  Table table({{"tensor"}, {"dtype"}, {"shape"}});
  for (const ComponentReport& part : report.components) {
    if (part.weights == nullptr) continue;
    for (const io::TensorRecord& tensor : part.weights->tensors()) {
      table.Add({part.component.name + "/" + tensor.name, std::string(io::Name(tensor.dtype)), io::ShapeText(tensor.shape)});
    }
  }
  return table.Text();
}

Json FileJson(const io::FileDigest& file) {
  return Json::Object({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
}

Json TensorJson(const io::TensorRecord& tensor) {
  return Json::Object({{"name", tensor.name}, {"dtype", io::Name(tensor.dtype)}, {"shape", JsonList(tensor.shape)}});
}

Json ComponentJson(const ComponentReport& part, bool tensors) {
  std::vector<Json> files;
  for (const io::FileDigest& file : part.files) files.push_back(FileJson(file));
  std::vector<Json::Member> members = {{"name", part.component.name},        {"library", part.component.library},
                                       {"class", part.component.class_name}, {"folder", part.component.folder.string()},
                                       {"dtypes", JsonList(part.dtypes)},    {"recipe", part.recipe},
                                       {"parameters", part.parameters},      {"bytes", part.weight_bytes},
                                       {"files", Json::List(files)}};
  if (tensors && part.weights != nullptr) {
    std::vector<Json> list;
    for (const io::TensorRecord& tensor : part.weights->tensors()) list.push_back(TensorJson(tensor));
    members.emplace_back("tensors", Json::List(list));
  }
  return Json::Object(members);
}

}  // namespace

std::string TableText(const CheckpointReport& report, bool tensors) {
  std::string text = "folder    " + report.folder.string() + "\npipeline  " + report.pipeline_class + "\ndigest    " +
                     report.digest + "\n\n" + Components(report) + "\n" + Files(report);
  if (tensors) text += "\n" + Tensors(report);
  return text;
}

std::string JsonText(const CheckpointReport& report, bool tensors) {
  std::vector<Json> components;
  for (const ComponentReport& part : report.components) components.push_back(ComponentJson(part, tensors));
  return Json::Object({{"folder", report.folder.string()},
                       {"pipeline", report.pipeline_class},
                       {"digest", report.digest},
                       {"components", Json::List(components)}})
      .file_text();
}

}  // namespace stampd::tools
