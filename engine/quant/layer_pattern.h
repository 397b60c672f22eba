#pragma once

#include <string_view>

namespace stampd::quant {

/// Whether `pattern`, in which `*` stands for any characters and `?` for one, matches one or several consecutive dotted parts of
/// `name`: `attn2.to_out` and `blocks.?.attn*.to_out` match `blocks.3.attn2.to_out.0`, `to_o` does not.
bool MatchesLayer(std::string_view pattern, std::string_view name);

}  // namespace stampd::quant
