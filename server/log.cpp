#include "server/log.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <ostream>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace stampd::server {
namespace {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

std::string UtcNow() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[48];
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(milliseconds));
  return text;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// Bytes that are not UTF-8 would make a line that no reader of JSON takes.
std::string Printable(std::string text) {
  const bool is_ascii = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
  if (is_ascii) return text;
  rapidjson::StringStream in(text.c_str());
  rapidjson::StringBuffer out;
  bool valid = true;
  while (valid && in.Peek() != '\0') valid = rapidjson::UTF8<>::Validate(in, out);
  if (valid) return text;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; }, '?');
  return text;
}

void AppendValue(JsonWriter& json, const LogField& field) {
  if (const auto* number = std::get_if<double>(&field.value)) {
    const std::string text = std::isfinite(*number) ? Number(*number) : "null";
    json.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    json.Int64(*integer);
  } else {
    const std::string text = Printable(std::get<std::string>(field.value));
    json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
}

std::string JsonLine(std::string_view level, std::string_view event, const LogFields& fields) {
  rapidjson::StringBuffer buffer;
  JsonWriter json(buffer);
  const auto write = [&](const LogField& field) {
    json.Key(field.name.data(), static_cast<rapidjson::SizeType>(field.name.size()));
    AppendValue(json, field);
  };
  json.StartObject();
  write({"time", UtcNow()});
  write({"level", std::string(level)});
  write({"event", std::string(event)});
  for (const LogField& field : fields) write(field);
  json.EndObject();
  return buffer.GetString();
}

bool IsPlain(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isgraph(c) && c != '"' && c != '\\'; });
}

std::string TextLine(std::string_view level, std::string_view event, const LogFields& fields) {
  std::string line = UtcNow() + ' ' + std::string(level) + ' ' + std::string(event);
  for (const LogField& field : fields) {
    line += ' ' + std::string(field.name) + '=';
    const auto* text = std::get_if<std::string>(&field.value);
    if (text != nullptr && IsPlain(*text)) {
      line += *text;
      continue;
    }
    rapidjson::StringBuffer buffer;
    JsonWriter json(buffer);
    AppendValue(json, field);
    line += buffer.GetString();
  }
  return line;
}

}  // namespace

void Log::Write(std::string_view level, std::string_view event, const LogFields& fields) {
  const std::string line = format_ == LogFormat::kJson ? JsonLine(level, event, fields) : TextLine(level, event, fields);
  const std::lock_guard lock(mutex_);
  out_ << line << std::endl;
}

}  // namespace stampd::server
