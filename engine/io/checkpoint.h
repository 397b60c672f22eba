#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stampd::io {

/// One part of a pipeline: "transformer", its class and where its files lie.
struct Component {
  std::string name;
  std::string library;     // "diffusers", "transformers"
  std::string class_name;  // "PixArtTransformer2DModel"; the older "Transformer2DModel" stands as it is in model_index.json
  std::filesystem::path folder;
};

/// A diffusers pipeline folder: what model_index.json says, with some components taken from elsewhere.
///
/// https://huggingface.co/docs/diffusers/using-diffusers/other-formats. Broken, with path, expected and found, if the folder is
/// not one, the index is missing or unreadable, a component's folder is missing, or an override names no component.
class Checkpoint {
 public:
  static Checkpoint Open(const std::filesystem::path& folder, const std::map<std::string, std::filesystem::path>& overrides = {});

  const std::filesystem::path& folder() const { return folder_; }
  const std::string& pipeline_class() const { return pipeline_class_; }     // "PixArtSigmaPipeline"
  const std::vector<Component>& components() const { return components_; }  // sorted by name; those that are null are left out

  bool Has(std::string_view name) const;
  const Component& Get(std::string_view name) const;  // Broken if there is none

 private:
  std::filesystem::path folder_;
  std::string pipeline_class_;
  std::vector<Component> components_;
};

}  // namespace stampd::io
