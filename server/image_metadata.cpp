#include "server/image_metadata.h"

#include <algorithm>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "server/image_chunks.h"
#include "server/quote.h"
#include "server/version.h"

namespace stampd::server {
namespace {

template <typename Writer>
void Text(Writer& json, const char* key, std::string_view value) {
  json.Key(key);
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

template <typename Writer>
void WriteFacts(Writer& json, const Order& order, std::uint64_t seed, std::size_t max_prompt_bytes) {
  const Request& request = order.request;
  const ModelInfo& info = order.model->info();
  const auto cut = [&](std::string_view prompt) { return prompt.substr(0, CharacterBoundary(prompt, max_prompt_bytes)); };
  json.StartObject();
  Text(json, "program", "stampd");
  Text(json, "version", Version());
  Text(json, "model", order.model->name);
  Text(json, "model_digest", info.digest);
  Text(json, "prompt", cut(request.prompt));
  Text(json, "negative_prompt", cut(request.negative_prompt));
  if (std::max(request.prompt.size(), request.negative_prompt.size()) > max_prompt_bytes) {
    json.Key("prompt_cut");
    json.Bool(true);
  }
  json.Key("seed");
  json.Uint64(seed);
  json.Key("steps");
  json.Int(request.steps);
  json.Key("guidance_scale");
  json.Double(*request.guidance_scale);
  json.Key("width");
  json.Int(request.width);
  json.Key("height");
  json.Int(request.height);
  Text(json, "scheduler", request.scheduler);
  Text(json, "precision", Name(*request.precision));
  json.Key("clean_caption");
  json.Bool(*request.clean_caption);
  json.Key("use_resolution_binning");
  json.Bool(*request.use_resolution_binning);
  json.EndObject();
}

std::string FittingJson(const Order& order, std::uint64_t seed, std::size_t max_bytes) {
  std::string json = MetadataJson(order, seed, /*ascii=*/true);
  for (std::size_t prompt_bytes = max_bytes / 2; json.size() > max_bytes; prompt_bytes /= 2) {
    json = MetadataJson(order, seed, /*ascii=*/true, prompt_bytes);
  }
  return json;
}

}  // namespace

std::string MetadataJson(const Order& order, std::uint64_t seed, bool ascii, std::size_t max_prompt_bytes) {
  rapidjson::StringBuffer buffer;
  if (ascii) {
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> json(buffer);
    WriteFacts(json, order, seed, max_prompt_bytes);
  } else {
    rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
    WriteFacts(json, order, seed, max_prompt_bytes);
  }
  return {buffer.GetString(), buffer.GetSize()};
}

std::string EmbedMetadata(std::string_view file, const Order& order, int width, int height, std::uint64_t seed) {
  switch (order.output.format) {
    case ImageFormat::kPng:
      return WithPngText(file, "stampd", MetadataJson(order, seed, /*ascii=*/false));
    case ImageFormat::kJpeg:
      return WithJpegDescription(file, FittingJson(order, seed, kMaxJpegDescription));
    case ImageFormat::kWebp:
      return WithWebpDescription(file, width, height, MetadataJson(order, seed, /*ascii=*/true));
    case ImageFormat::kRgb8:
    case ImageFormat::kLatentF32:
      break;
  }
  throw Broken("[image_metadata] " + std::string(Name(order.output.format)) + " holds no metadata");
}

}  // namespace stampd::server
