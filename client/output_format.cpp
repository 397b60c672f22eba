#include "client/output_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "client/usage_error.h"

namespace stampd::client {
namespace {

struct NamedFormat {
  std::string_view name;
  v1::OutputFormat format;
};

constexpr std::array kFormats = {
    NamedFormat{"png", v1::PNG},   NamedFormat{"jpeg", v1::JPEG},         NamedFormat{"webp", v1::WEBP},
    NamedFormat{"rgb8", v1::RGB8}, NamedFormat{"latent", v1::LATENT_F32},
};

const NamedFormat* Find(std::string_view name) {
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(), [&](const NamedFormat& f) { return f.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

v1::OutputFormat ParseOutputFormat(std::string_view name) {
  if (const NamedFormat* found = Find(name)) return found->format;
  throw UsageError("--format: expected png, jpeg, webp, rgb8 or latent, found '" + std::string(name) + "'");
}

std::string_view Name(v1::OutputFormat format) {
  for (const NamedFormat& known : kFormats) {
    if (known.format == format) return known.name;
  }
  return "default";
}

v1::OutputFormat FormatOfExtension(const std::filesystem::path& path) {
  const std::string extension = LowerCase(path.extension().string());
  if (extension.empty()) return v1::OUTPUT_FORMAT_UNSPECIFIED;
  if (extension == ".jpg") return v1::JPEG;
  if (const NamedFormat* found = Find(extension.substr(1))) return found->format;
  throw UsageError("--output: no format has the extension '" + path.extension().string() + "'; name one with --format");
}

}  // namespace stampd::client
