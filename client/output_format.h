#pragma once

#include <filesystem>
#include <string_view>

#include "stampd/v1/text_to_image.pb.h"

namespace stampd::client {

/// "png", "jpeg", "webp", "rgb8" or "latent". Throws UsageError for any other word.
v1::OutputFormat ParseOutputFormat(std::string_view name);

/// The word that ParseOutputFormat reads back; "default" for OUTPUT_FORMAT_UNSPECIFIED.
std::string_view Name(v1::OutputFormat format);

/// What the extension promises, in upper or lower case: .png .jpg .jpeg .webp .rgb8 .latent. No extension promises nothing:
/// OUTPUT_FORMAT_UNSPECIFIED, the server's choice. Throws UsageError for an extension that is none of these.
v1::OutputFormat FormatOfExtension(const std::filesystem::path& path);

}  // namespace stampd::client
