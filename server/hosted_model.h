#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pipeline.h"

namespace stampd::server {

/// A loaded model under the name that callers use.
struct HostedModel {
  std::string name;
  std::string device;
  std::shared_ptr<const Pipeline> pipeline;

  const ModelInfo& info() const { return pipeline->info(); }
};

/// All that this server hosts; the first is the default. Never empty, never changed after start.
using HostedModels = std::vector<HostedModel>;

/// The model called `name`, the first if `name` is empty, null if there is none.
inline const HostedModel* Find(const HostedModels& models, std::string_view name) {
  if (name.empty()) return &models.front();
  for (const HostedModel& model : models) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

}  // namespace stampd::server
