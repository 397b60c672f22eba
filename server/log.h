#pragma once

#include <cstdint>
#include <iosfwd>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stampd::server {

enum class LogFormat { kText, kJson };

/// One fact of a log line. Names are lower_case; text may be anything, even what is not UTF-8.
struct LogField {
  std::string_view name;
  std::variant<std::string, double, std::int64_t> value;
};
using LogFields = std::vector<LogField>;

/// Lines of time, level, event and fields. Text: `2026-01-31T12:00:00.123Z info request code=OK seconds=1.5`, values in JSON quotes
/// where they need them; JSON: one object a line. Any thread; lines never mix.
class Log {
 public:
  Log(LogFormat format, std::ostream& out) : format_(format), out_(out) {}

  void Info(std::string_view event, const LogFields& fields = {}) { Write("info", event, fields); }
  void Error(std::string_view event, const LogFields& fields = {}) { Write("error", event, fields); }

 private:
  void Write(std::string_view level, std::string_view event, const LogFields& fields);

  const LogFormat format_;
  std::mutex mutex_;
  std::ostream& out_;
};

}  // namespace stampd::server
