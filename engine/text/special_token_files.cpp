#include "engine/text/special_token_files.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/io/config.h"

namespace stampd::text {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHighestId = (std::int64_t{1} << 31) - 1;

io::Config ReadIfThere(const fs::path& file) {
  return fs::exists(file) ? io::Config::Read(file) : io::Config::Parse("{}", file.string());
}

std::int64_t CheckedId(std::int64_t id, const io::Config& config, const std::string& token) {
  if (id >= 0 && id <= kHighestId) return id;
  throw Broken("[tokenizer] " + config.file() + ": " + token + ": expected an id from 0 to 2147483647, found " +
               std::to_string(id));
}

std::int64_t IdOfKey(const std::string& key, const io::Config& config) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error == std::errc() && end == key.data() + key.size()) return CheckedId(id, config, "added_tokens_decoder");
  throw Broken("[tokenizer] " + config.file() + ": added_tokens_decoder: expected an id as key, found \"" + key + "\"");
}

SpecialToken TokenWithFlags(const io::Config& flags, std::int64_t id) {
  return {flags.String("content"), id, flags.Bool("lstrip", false), flags.Bool("rstrip", false), flags.Bool("single_word", false)};
}

std::string Sentinel(std::int64_t k) { return "<extra_id_" + std::to_string(k) + ">"; }

bool IsSentinel(const std::string& name) { return name.find("<extra_id_") != std::string::npos; }

class Reader {
 public:
  Reader(const fs::path& folder, const SentencePiece& pieces)
      : pieces_(pieces),
        config_(ReadIfThere(folder / "tokenizer_config.json")),
        has_decoder_(!config_.Object("added_tokens_decoder").keys().empty()),
        // Newer folders repeat here what the decoder says; transformers does not look at it then.
        map_(has_decoder_ ? io::Config::Parse("{}", "") : ReadIfThere(folder / "special_tokens_map.json")),
        added_(has_decoder_ ? io::Config::Parse("{}", "") : ReadIfThere(folder / "added_tokens.json")) {}

  T5SpecialTokens Read() {
    const std::vector<std::string> additional = AdditionalNames();
    PlaceSentinels(additional);
    PlaceSaved();
    T5SpecialTokens special;
    special.eos_id = Require(NamedToken("eos_token", "</s>"));
    Require(NamedToken("unk_token", "<unk>"));
    special.pad_id = Require(NamedToken("pad_token", "<pad>"));
    for (const std::string& name : additional) Require({.content = name});
    for (const auto& [id, token] : by_id_) special.tokens.push_back(token);
    return special;
  }

 private:
  std::int64_t ExtraIds() const { return std::clamp<std::int64_t>(config_.Int("extra_ids", 100), 0, 1 << 16); }

  std::vector<std::string> AdditionalNames() const {
    std::vector<std::string> names = config_.Strings("additional_special_tokens", std::vector<std::string>{});
    for (std::string& name : map_.Strings("additional_special_tokens", std::vector<std::string>{})) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    const auto sentinels = std::count_if(names.begin(), names.end(), IsSentinel);
    const std::int64_t extra_ids = ExtraIds();
    if (sentinels > 0 && extra_ids > 0 && sentinels != extra_ids) {
      throw Broken("[tokenizer] " + config_.file() + ": extra_ids: expected the " + std::to_string(sentinels) +
                   " sentinels of additional_special_tokens, found " + std::to_string(extra_ids));
    }
    if (sentinels == 0) {
      for (std::int64_t k = 0; k < extra_ids; ++k) names.push_back(Sentinel(k));
    }
    return names;
  }

  void PlaceSentinels(const std::vector<std::string>& additional) {
    const auto sentinels = std::count_if(additional.begin(), additional.end(), IsSentinel);
    for (std::int64_t k = 0; k < sentinels; ++k) {
      const std::int64_t id = pieces_.size() + sentinels - 1 - k;
      by_id_[id] = {.content = Sentinel(k), .id = id, .strip_left = true, .strip_right = true};
    }
  }

  void PlaceSaved() {
    const io::Config decoder = config_.Object("added_tokens_decoder");
    for (const std::string& key : decoder.keys()) {
      const std::int64_t id = IdOfKey(key, config_);
      by_id_[id] = TokenWithFlags(decoder.Object(key), id);
    }
    for (const std::string& content : added_.keys()) {
      const std::int64_t id = CheckedId(added_.Int(content), added_, content);
      by_id_[id] = {.content = content, .id = id};
    }
  }

  // A name in special_tokens_map.json goes before the same in tokenizer_config.json; either is a string or a token with flags.
  SpecialToken NamedToken(const std::string& name, const std::string& otherwise) const {
    for (const io::Config* source : {&map_, &config_}) {
      if (source->IsObject(name)) return TokenWithFlags(source->Object(name), 0);
      if (const auto content = source->OptionalString(name)) return {.content = *content};
    }
    return {.content = otherwise};
  }

  // The id of a token that may have one already.
  std::int64_t Require(SpecialToken token) {
    const auto placed =
        std::find_if(by_id_.begin(), by_id_.end(), [&](const auto& entry) { return entry.second.content == token.content; });
    if (placed != by_id_.end()) return placed->first;
    token.id = pieces_.Find(token.content).value_or(NextId());
    by_id_[token.id] = token;
    return token.id;
  }

  std::int64_t NextId() const {
    const auto beyond_pieces = [&](const auto& entry) { return !pieces_.Find(entry.second.content); };
    return pieces_.size() + std::count_if(by_id_.begin(), by_id_.end(), beyond_pieces);
  }

  const SentencePiece& pieces_;
  io::Config config_;
  bool has_decoder_;
  io::Config map_;
  io::Config added_;
  std::map<std::int64_t, SpecialToken> by_id_;
};

}  // namespace

T5SpecialTokens ReadT5SpecialTokens(const fs::path& folder, const SentencePiece& pieces) { return Reader(folder, pieces).Read(); }

}  // namespace stampd::text
