#include "engine/text/gemma_tokenizer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/io/text.h"
#include "engine/text/byte_pair_encoder.h"
#include "engine/text/special_tokens.h"
#include "engine/text/tokenizer_json.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

namespace fs = std::filesystem;

io::Config ReadConfig(const fs::path& file) {
  io::Config config = fs::exists(file) ? io::Config::Read(file) : io::Config::Parse("{}", file.string());
  for (const auto& [key, expected] : {std::pair{"add_bos_token", true}, std::pair{"add_eos_token", false}}) {
    if (config.Bool(key, expected) == expected) continue;
    throw Broken("[tokenizer] " + config.file() + ": " + key +
                 (expected ? ": expected true, found false" : ": expected false, found true"));
  }
  return config;
}

// A string, or a token with flags.
std::string BosToken(const io::Config& config) {
  return config.IsObject("bos_token") ? config.Object("bos_token").String("content") : config.String("bos_token", "<bos>");
}

class GemmaTokenizer final : public Tokenizer {
 public:
  GemmaTokenizer(TokenizerJson json, const io::Config& config)
      : bos_id_(BosId(json, config)),
        vocabulary_(json.vocabulary),
        typed_(std::move(json.typed)),
        normalized_(std::move(json.normalized)),
        encoder_(std::move(json.pairs)) {}

  std::vector<std::int64_t> Encode(std::string_view text, int max_length) const override {
    const std::size_t room = static_cast<std::size_t>(std::max(max_length, 1));
    std::vector<std::int64_t> ids = {bos_id_};
    for (const auto& part : typed_.Split(ValidUtf8(text))) {
      if (ids.size() >= room) break;
      if (const auto* id = std::get_if<std::int64_t>(&part)) {
        ids.push_back(*id);
      } else {
        AppendMarked(SpacesMarked(std::get<std::string>(part)), ids);
      }
    }
    ids.resize(std::min(ids.size(), room));
    return ids;
  }

  int vocabulary() const override { return vocabulary_; }

 private:
  static std::int64_t BosId(const TokenizerJson& json, const io::Config& config) {
    const std::string content = BosToken(config);
    const auto found = std::ranges::find(json.typed, content, &SpecialToken::content);
    if (found != json.typed.end()) return found->id;
    throw Broken("[tokenizer] " + config.file() + ": bos_token: expected one of tokenizer.json's added_tokens, found " +
                 io::Quote(content));
  }

  void AppendMarked(const std::string& text, std::vector<std::int64_t>& ids) const {
    for (const auto& part : normalized_.Split(text)) {
      if (const auto* id = std::get_if<std::int64_t>(&part)) {
        ids.push_back(*id);
      } else {
        encoder_.Encode(std::get<std::string>(part), ids);
      }
    }
  }

  std::int64_t bos_id_;
  int vocabulary_;
  SpecialTokens typed_;
  SpecialTokens normalized_;
  BytePairEncoder encoder_;
};

}  // namespace

std::unique_ptr<const Tokenizer> LoadGemmaTokenizer(const fs::path& folder) {
  const io::Config config = ReadConfig(folder / "tokenizer_config.json");
  return std::make_unique<const GemmaTokenizer>(ReadTokenizerJson(folder / "tokenizer.json"), config);
}

}  // namespace stampd::text
