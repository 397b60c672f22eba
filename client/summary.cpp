#include "client/summary.h"

#include <cstdio>
#include <string_view>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "client/output_format.h"

namespace stampd::client {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Put(Writer& json, std::string_view name, std::string_view value) {
  json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void Put(Writer& json, std::string_view name, double value) {
  json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  json.Double(value);
}

void PutInt(Writer& json, std::string_view name, std::int64_t value) {
  json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  json.Int64(value);
}

void PutImage(Writer& json, const SavedImage& image) {
  json.StartObject();
  Put(json, "path", image.path.string());
  Put(json, "format", Name(image.facts.format()));
  PutInt(json, "width", image.facts.width());
  PutInt(json, "height", image.facts.height());
  Put(json, "seed", std::to_string(image.facts.seed()));
  Put(json, "sha256", image.facts.sha256());
  PutInt(json, "bytes", static_cast<std::int64_t>(image.bytes));
  json.EndObject();
}

void PutTimings(Writer& json, const v1::Timings& timings) {
  json.Key("timings");
  json.StartObject();
  Put(json, "queue_seconds", timings.queue_seconds());
  Put(json, "text_encode_seconds", timings.text_encode_seconds());
  Put(json, "denoise_seconds", timings.denoise_seconds());
  Put(json, "decode_seconds", timings.decode_seconds());
  Put(json, "image_encode_seconds", timings.image_encode_seconds());
  Put(json, "total_seconds", timings.total_seconds());
  json.EndObject();
}

}  // namespace

std::string RenderSummary(const std::vector<SavedImage>& images, const v1::Done& done) {
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.2f s", done.timings().total_seconds());
  std::string text;
  for (const SavedImage& image : images) {
    text += image.path.string() + "  " + std::to_string(image.facts.width()) + "x" + std::to_string(image.facts.height()) +
            "  seed " + std::to_string(image.facts.seed()) + "  " + seconds + "\n";
  }
  return text;
}

std::string RenderJson(const std::vector<SavedImage>& images, const v1::Done& done) {
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  json.Key("images");
  json.StartArray();
  for (const SavedImage& image : images) PutImage(json, image);
  json.EndArray();
  Put(json, "model", done.model());
  Put(json, "model_digest", done.model_digest());
  Put(json, "precision", done.precision());
  PutInt(json, "steps", done.steps());
  Put(json, "mean_batch_rows", done.mean_batch_rows());
  Put(json, "request_id", done.request_id());
  PutTimings(json, done.timings());
  json.EndObject();
  return std::string(text.GetString(), text.GetSize()) + "\n";
}

}  // namespace stampd::client
