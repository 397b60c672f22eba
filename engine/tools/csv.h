#pragma once

#include <string>
#include <string_view>

namespace stampd::tools {

/// `text` as a field of a CSV file (RFC 4180): in quotes, with its own quotes doubled, if it holds a comma, a quote or a line
/// break; else as it is.
std::string CsvField(std::string_view text);

}  // namespace stampd::tools
