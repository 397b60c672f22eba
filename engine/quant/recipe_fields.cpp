#include "engine/quant/recipe_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "engine/io/text.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using kernels::WeightRounding;

// In the order of the enumerators.
constexpr std::string_view kRules[] = {"none", "dc", "first"};
constexpr std::string_view kTransforms[] = {"none", "haar1d", "haar2d", "dct", "wht"};
constexpr std::string_view kControls[] = {"none", "shuffled", "mean"};
constexpr std::string_view kRoundings[] = {"nearest", "mse"};

std::span<const std::string_view> NamesOf(HighTokenRule) { return kRules; }
std::span<const std::string_view> NamesOf(SequenceTransform) { return kTransforms; }
std::span<const std::string_view> NamesOf(TokenControl) { return kControls; }
std::span<const std::string_view> NamesOf(WeightRounding) { return kRoundings; }

void Read(const io::Config& config, std::string_view key, bool& value) { value = config.Bool(key); }
void Read(const io::Config& config, std::string_view key, double& value) { value = config.Double(key); }
// Beyond an int is beyond every field's range, too.
void Read(const io::Config& config, std::string_view key, int& value) {
  using Limits = std::numeric_limits<int>;
  value = static_cast<int>(std::clamp<std::int64_t>(config.Int(key), Limits::min(), Limits::max()));
}

template <typename Enum>
void Read(const io::Config& config, std::string_view key, Enum& value) {
  value = static_cast<Enum>(config.OneOf(key, NamesOf(value)));
}

std::string Json(bool value) { return value ? "true" : "false"; }
std::string Json(int value) { return std::to_string(value); }
std::string Json(double value) {  // the shortest text that reads back as the same number
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.begin(), text.end(), value).ptr};
}
template <typename Enum>
std::string Json(Enum value) {
  return io::JsonString(NamesOf(value)[static_cast<std::size_t>(value)]);
}

bool AnyValue(const LinearRecipe&) { return true; }

template <auto kMember>
constexpr RecipeField Field(std::string_view key, std::string_view expected = {}, bool (*valid)(const LinearRecipe&) = AnyValue) {
  return {key,
          expected,
          valid,
          [](const io::Config& config, std::string_view k, LinearRecipe& recipe) { Read(config, k, recipe.*kMember); },
          [](const LinearRecipe& recipe) { return Json(recipe.*kMember); },
          [](const LinearRecipe& from, LinearRecipe& to) { to.*kMember = from.*kMember; }};
}

bool IsWidth(int bits) { return bits == 4 || bits == 8 || bits == kExactBits; }

// In the order in which they are written.
constexpr RecipeField kFields[] = {
    Field<&LinearRecipe::skip>("skip"),
    Field<&LinearRecipe::weight_bits>("weight_bits", "4, 8 or 16", [](const LinearRecipe& r) { return IsWidth(r.weight_bits); }),
    Field<&LinearRecipe::weight_group>("weight_group", "0 or 64",
                                       [](const LinearRecipe& r) { return r.weight_group == 0 || r.weight_group == 64; }),
    Field<&LinearRecipe::weight_rounding>("weight_rounding"),
    Field<&LinearRecipe::activation_bits>("activation_bits", "4, 8 or 16",
                                          [](const LinearRecipe& r) { return IsWidth(r.activation_bits); }),
    Field<&LinearRecipe::activation_group>(
        "activation_group", "0 or 64", [](const LinearRecipe& r) { return r.activation_group == 0 || r.activation_group == 64; }),
    Field<&LinearRecipe::activation_symmetric>("activation_symmetric"),
    Field<&LinearRecipe::activation_clip>("activation_clip", "0.5 to 1",
                                          [](const LinearRecipe& r) { return r.activation_clip >= 0.5 && r.activation_clip <= 1; }),
    Field<&LinearRecipe::high_rule>("high_rule"),
    Field<&LinearRecipe::high_count>("high_count", "1 or more", [](const LinearRecipe& r) { return r.high_count >= 1; }),
    Field<&LinearRecipe::high_bits>("high_bits", "4 to 8",
                                    [](const LinearRecipe& r) { return r.high_bits >= 4 && r.high_bits <= 8; }),
    Field<&LinearRecipe::sequence_transform>("sequence_transform"),
    Field<&LinearRecipe::levels>("levels", "0 to 6", [](const LinearRecipe& r) { return r.levels >= 0 && r.levels <= 6; }),
    Field<&LinearRecipe::control>("control"),
    Field<&LinearRecipe::hadamard_block>("hadamard_block", "0 or a power of two from 2 to 4096",
                                         [](const LinearRecipe& r) {
                                           const int block = r.hadamard_block;
                                           return block == 0 || (block >= 2 && block <= 4096 && (block & (block - 1)) == 0);
                                         }),
    Field<&LinearRecipe::smooth_alpha>("smooth_alpha", "0 or more, and under 1",
                                       [](const LinearRecipe& r) { return r.smooth_alpha >= 0 && r.smooth_alpha < 1; }),
};

}  // namespace

std::span<const RecipeField> RecipeFields() { return kFields; }

const RecipeField* FindRecipeField(std::string_view key) {
  const auto* const field = std::ranges::find(kFields, key, &RecipeField::key);
  return field == std::end(kFields) ? nullptr : field;
}

}  // namespace stampd::quant
