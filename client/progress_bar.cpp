#include "client/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace stampd::client {
namespace {

constexpr int kNarrowestBar = 10;
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

template <typename... Values>
std::string Format(const char* format, Values... values) {
  char text[96];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

std::string Repeat(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

std::string Painted(std::string_view color, const std::string& text, const BarStyle& style) {
  if (!style.color || text.empty()) return text;
  return std::string(color) + text + std::string(kPlain);
}

double Fraction(const ProgressState& state) { return std::clamp(static_cast<double>(state.step) / state.total, 0.0, 1.0); }

// Exactly `width` columns.
std::string Bar(double fraction, int width, const BarStyle& style) {
  if (style.unicode) {
    const int full = static_cast<int>(fraction * width);
    return Painted(kGreen, Repeat("━", full), style) + Painted(kDim, Repeat("─", width - full), style);
  }
  const int inside = width - 2;
  const int full = static_cast<int>(fraction * inside);
  const int head = full < inside ? 1 : 0;
  return "[" + Painted(kGreen, Repeat("=", full) + Repeat(">", head), style) + Repeat(" ", inside - full - head) + "]";
}

// All text here is ASCII, so that bytes are columns.
std::string Fitted(std::string text, int columns) {
  text.resize(static_cast<std::size_t>(columns), ' ');
  return text;
}

std::string Waiting(const ProgressState& state, int columns) {
  std::string text = state.queue_position > 0 ? Format("waiting, %d ahead", state.queue_position) : "starting";
  if (state.seconds_left) text += "  " + RenderDuration(*state.seconds_left) + " left";
  return Fitted(text, columns);
}

// What stands right of the bar: as much as leaves room for a bar.
std::string Figures(const ProgressState& state, int room) {
  std::string text = Format("  %3.0f%%", std::floor(100 * Fraction(state)));
  const auto append = [&](const std::string& part) {
    if (static_cast<int>(text.size() + part.size()) <= room) text += part;
  };
  if (state.seconds_per_step) append("  " + RenderRate(*state.seconds_per_step));
  if (state.seconds_left) append("  " + RenderDuration(*state.seconds_left) + " left");
  return text;
}

}  // namespace

std::string RenderDuration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  if (whole >= 3600) return Format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return Format("%lld:%02lld", whole / 60, whole % 60);
}

std::string RenderRate(double seconds_per_step) {
  if (seconds_per_step >= 1) return Format("%.2f s/step", seconds_per_step);
  return Format("%.1f steps/s", 1 / std::max(seconds_per_step, 1e-6));
}

std::string RenderProgress(const ProgressState& state, const BarStyle& style) {
  const int columns = std::max(style.columns - 1, 1);
  if (state.total <= 0) return Waiting(state, columns);
  const std::string count = Format("%*d/%d", static_cast<int>(std::to_string(state.total).size()), state.step, state.total);
  const int beside_count = columns - static_cast<int>(count.size()) - 1;
  const std::string figures = Figures(state, beside_count - kNarrowestBar);
  const int bar = beside_count - static_cast<int>(figures.size());
  if (bar < kNarrowestBar) return Fitted(count + figures, columns);
  return count + " " + Bar(Fraction(state), bar, style) + figures;
}

}  // namespace stampd::client
