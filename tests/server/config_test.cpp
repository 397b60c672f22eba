#include "server/config.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

namespace stampd::server {
namespace {

using testing::HasSubstr;

Config Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "stampd");
  return ParseConfig(static_cast<int>(flags.size()), flags.data());
}

Exit ExitOf(const std::vector<const char*>& flags) {
  try {
    Parse(flags);
  } catch (const Exit& exit) {
    return exit;
  }
  ADD_FAILURE() << "was accepted";
  return {};
}

/// A file that lives as long as the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(testing::TempDir() + "stampd_config_test_" + std::to_string(getpid()) + ".toml") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

TEST(ConfigTest, DefaultsAreAsDocumented) {
  const Config config = Parse({"--model", "a=/models/a"});
  EXPECT_EQ(config.listen.ToString(), "0.0.0.0:50051");
  EXPECT_EQ(config.metrics_listen.ToString(), "0.0.0.0:9464");
  EXPECT_EQ(config.limits.max_queue, 64);
  EXPECT_EQ(config.limits.max_prompt_bytes, 65536);
  EXPECT_EQ(config.max_message_bytes, 4 << 20);
  EXPECT_EQ(config.drain_seconds, 30);
  EXPECT_EQ(config.log_format, LogFormat::kText);
  ASSERT_EQ(config.models.size(), 1u);
  EXPECT_EQ(config.models[0].name, "a");
  EXPECT_EQ(config.models[0].options.folder, "/models/a");
  EXPECT_EQ(config.models[0].options.device, "cpu");
  EXPECT_TRUE(config.models[0].options.precisions.empty());
}

TEST(ConfigTest, ModelsHaveOptions) {
  const Config config =
      Parse({"--model", "a=/a", "--model", "b=/b,precision=fp32,device=cuda:0,transformer=/t,vae=/v,instruction=/i.txt,fp16=force",
             "--threads", "3"});
  ASSERT_EQ(config.models.size(), 2u);
  const LoadOptions& options = config.models[1].options;
  EXPECT_EQ(options.precisions, std::vector{Precision::kFp32});
  EXPECT_EQ(options.device, "cuda:0");
  EXPECT_EQ(options.instruction, "/i.txt");
  EXPECT_TRUE(options.force_fp16);
  EXPECT_FALSE(config.models[0].options.force_fp16);
  EXPECT_EQ(options.components.at("transformer"), "/t");
  EXPECT_EQ(options.components.at("vae"), "/v");
  EXPECT_EQ(config.threads, 3);
}

TEST(ConfigTest, EveryFlagIsReadFromAFileAndTheCommandLineWins) {
  const ConfigFile file(R"(
model = ["a=/a,precision=bf16", "b=/b"]
listen = "[::1]:7000"
max-queue = 5
drain-seconds = 7
log-format = "json"
)");
  const Config config = Parse({"--config", file.path(), "--max-queue", "6"});
  ASSERT_EQ(config.models.size(), 2u);
  EXPECT_EQ(config.models[0].options.precisions, std::vector{Precision::kBf16});
  EXPECT_EQ(config.models[1].name, "b");
  EXPECT_EQ(config.listen.host, "[::1]");
  EXPECT_EQ(config.listen.port, 7000);
  EXPECT_EQ(config.limits.max_queue, 6);
  EXPECT_EQ(config.drain_seconds, 7);
  EXPECT_EQ(config.log_format, LogFormat::kJson);
}

TEST(ConfigTest, HelpAndVersionSucceed) {
  EXPECT_EQ(ExitOf({"--help"}).code, 0);
  EXPECT_THAT(ExitOf({"--help"}).text, HasSubstr("--metrics-listen"));
  EXPECT_EQ(ExitOf({"--version"}).code, 0);
  EXPECT_THAT(ExitOf({"--version"}).text, HasSubstr("stampd 0."));
}

TEST(ConfigTest, ErrorsNameFlagValueAndRange) {
  const auto expect = [](std::vector<const char*> flags, std::initializer_list<const char*> words) {
    if (flags.empty() || std::string(flags[0]) != "--model") flags.insert(flags.begin(), {"--model", "a=/a"});
    const Exit exit = ExitOf(flags);
    EXPECT_EQ(exit.code, 2) << exit.text;
    for (const char* word : words) EXPECT_THAT(exit.text, HasSubstr(word));
  };
  expect({"--max-queue", "0"}, {"--max-queue", "0", "1", "100000"});
  expect({"--max-queue", "many"}, {"--max-queue", "many"});
  expect({"--drain-seconds", "-1"}, {"--drain-seconds", "-1", "86400"});
  expect({"--log-format", "xml"}, {"--log-format", "xml", "json"});
  expect({"--listen", "50051"}, {"--listen", "50051", "HOST:PORT"});
  expect({"--listen", "h:65536"}, {"--listen", "65536", "65535"});
  expect({"--listen", "::1:80"}, {"--listen"});
  expect({"--metrics-listen", ":80"}, {"--metrics-listen"});
  expect({"--unknown", "1"}, {"--unknown"});
  expect({"--model", "no-folder"}, {"--model", "no-folder", "NAME=DIR"});
  expect({"--model", "a=/a,precision=int3"}, {"--model", "int3", "bf16"});
  expect({"--model", "a b=/a"}, {"--model", "a b", "letters"});
  expect({"--model", "unknown=/a"}, {"--model", "unknown"});
  expect({"--model", "a=/a", "--model", "a=/b"}, {"--model", "a=/b", "once"});
}

TEST(ConfigTest, AModelIsNeeded) {
  const Exit exit = ExitOf({});
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("--model"));
}

TEST(ConfigTest, AnUnknownKeyInTheFileIsAnError) {
  const ConfigFile file("max-queues = 5\n");
  const Exit exit = ExitOf({"--model", "a=/a", "--config", file.path()});
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("max-queues"));
}

TEST(ConfigTest, AMissingFileIsAnError) {
  const Exit exit = ExitOf({"--model", "a=/a", "--config", "/no/such/file.toml"});
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("/no/such/file.toml"));
}

}  // namespace
}  // namespace stampd::server
