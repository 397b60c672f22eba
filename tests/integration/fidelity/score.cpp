#include "tests/integration/fidelity/score.h"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <sstream>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "engine/base/error.h"

namespace stampd::fidelity {
namespace {

std::string Rounded(double share) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << share;
  return text.str();
}

}  // namespace

Threshold ParseThreshold(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) {
    double least = -1;
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data() + equals + 1, end, least);
    if (error == std::errc() && parsed == end && least >= 0 && least <= 1) return {text.substr(0, equals), least};
  }
  throw BadRequest("--at-least", "expected a criterion and a share from 0 to 1, such as single.colour=0.95, found '" + text + "'");
}

void Score::Add(const std::vector<Criterion>& criteria) {
  for (const Criterion& criterion : criteria) {
    const auto has_name = [&](const Tally& tally) { return tally.criterion == criterion.name; };
    auto tally = std::find_if(tallies_.begin(), tallies_.end(), has_name);
    if (tally == tallies_.end()) tally = tallies_.insert(tallies_.end(), {.criterion = std::string(criterion.name)});
    ++tally->count;
    tally->right += criterion.is_right ? 1 : 0;
  }
}

std::vector<std::string> Score::Missed(const std::vector<Threshold>& thresholds) const {
  std::vector<std::string> missed;
  for (const auto& [criterion, least] : thresholds) {
    const auto tally =
        std::find_if(tallies_.begin(), tallies_.end(), [&name = criterion](const Tally& known) { return known.criterion == name; });
    if (tally == tallies_.end()) {
      missed.push_back(criterion + ": expected at least " + Rounded(least) + ", found no picture that is judged by it");
    } else if (tally->Share() < least) {
      missed.push_back(criterion + ": expected at least " + Rounded(least) + ", found " + Rounded(tally->Share()));
    }
  }
  return missed;
}

std::string Score::RenderText() const {
  std::ostringstream text;
  for (const Tally& tally : tallies_) {
    text << std::left << std::setw(28) << tally.criterion << Rounded(tally.Share()) << "  " << tally.right << " of " << tally.count
         << "\n";
  }
  return text.str();
}

std::string Score::RenderJson() const {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.SetMaxDecimalPlaces(4);
  writer.StartObject();
  std::string group;
  for (const Tally& tally : tallies_) {
    const std::size_t dot = tally.criterion.find('.');
    if (tally.criterion.substr(0, dot) != group) {
      if (!group.empty()) writer.EndObject();
      group = tally.criterion.substr(0, dot);
      writer.Key(group.c_str());
      writer.StartObject();
      writer.Key("count");
      writer.Int(tally.count);
    }
    writer.Key(tally.criterion.substr(dot + 1).c_str());
    writer.Double(tally.Share());
  }
  if (!group.empty()) writer.EndObject();
  writer.EndObject();
  return buffer.GetString();
}

}  // namespace stampd::fidelity
