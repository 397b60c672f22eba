#include "engine/io/safetensors_writer.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::io {
namespace {

[[noreturn]] void Fail(const std::filesystem::path& file, const std::string& what, int error) {
  throw Broken("[safetensors] " + file.string() + ": can't " + what + ": " + std::generic_category().message(error));
}

std::vector<std::size_t> WidestFirst(const std::vector<TensorSpec>& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return BytesPerElement(tensors[a].dtype) > BytesPerElement(tensors[b].dtype);
  });
  return order;
}

std::string EntryText(const TensorSpec& spec, std::uint64_t begin) {
  return JsonString(spec.name) + R"(:{"dtype":)" + JsonString(Name(spec.dtype)) + R"(,"shape":)" + ShapeText(spec.shape) +
         R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(begin + ByteCount(spec)) + "]}";
}

std::string MetadataText(const std::map<std::string, std::string>& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) text += (text.empty() ? "" : ",") + JsonString(key) + ":" + JsonString(value);
  return R"("__metadata__":{)" + text + "}";
}

// Length and JSON, padded so that the data is aligned for every dtype.
std::string HeaderText(std::string json) {
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(json.size() >> (8 * i) & 0xff);
  return length + json;
}

}  // namespace

std::uint64_t ElementCount(const TensorSpec& spec) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : spec.shape) count *= static_cast<std::uint64_t>(extent);
  return count;
}

std::uint64_t ByteCount(const TensorSpec& spec) { return ElementCount(spec) * BytesPerElement(spec.dtype); }

SafetensorsWriter::SafetensorsWriter(std::filesystem::path file, std::vector<TensorSpec> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(std::move(file)), part_(file_), tensors_(std::move(tensors)), starts_(tensors_.size()) {
  part_ += ".part";
  std::string json = "{" + MetadataText(metadata);
  std::uint64_t size = 0;
  for (const std::size_t i : WidestFirst(tensors_)) {
    json += "," + EntryText(tensors_[i], size);
    starts_[i] = size;
    size += ByteCount(tensors_[i]);
  }
  const std::string header = HeaderText(json + "}");
  for (std::uint64_t& start : starts_) start += header.size();

  descriptor_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) Fail(part_, "create it", errno);
  // The space is claimed now, so that a full disk shows before hours of work and not in their middle.
  const int error = posix_fallocate(descriptor_, 0, static_cast<off_t>(header.size() + size));
  if (error != 0) {
    close(descriptor_);
    unlink(part_.c_str());
    Fail(part_, "reserve " + std::to_string(header.size() + size) + " bytes", error);
  }
  WriteAt(0, std::as_bytes(std::span(header)));
}

SafetensorsWriter::~SafetensorsWriter() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(part_.c_str());
}

void SafetensorsWriter::Write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::uint64_t size = ByteCount(tensors_[tensor]);
  if (offset > size || bytes.size() > size - offset) {
    throw Broken("[safetensors] " + part_.string() + ": " + Quote(tensors_[tensor].name) + ": expected at most " +
                 std::to_string(size) + " bytes, found " + std::to_string(bytes.size()) + " at " + std::to_string(offset));
  }
  WriteAt(starts_[tensor] + offset, bytes);
}

void SafetensorsWriter::WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) Fail(part_, "write to it", errno);
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void SafetensorsWriter::Finish() {
  if (close(std::exchange(descriptor_, -1)) != 0) Fail(part_, "close it", errno);
  if (std::rename(part_.c_str(), file_.c_str()) != 0) Fail(file_, "rename " + part_.string() + " to it", errno);
}

}  // namespace stampd::io
