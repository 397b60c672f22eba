#include "engine/io/digest.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <openssl/evp.h>

#include "engine/base/error.h"
#include "engine/io/open_file.h"

namespace stampd::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 4 << 20;

// OpenSSL's three calls, each of which can fail (a FIPS provider that is not loaded, for one).
class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    Check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void Add(std::span<const std::byte> bytes) { Check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

  std::string Finish() {
    std::array<unsigned char, 32> digest{};
    Check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    return text;
  }

 private:
  static void Check(bool ok) {
    if (!ok) throw Broken("[digest] expected OpenSSL to compute SHA-256, found a failure");
  }

  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

struct Job {
  fs::path path;
  FileDigest* result;
};

// Each worker takes the next file, the largest first, until none is left; the first failure is thrown at the end.
void HashAll(std::vector<Job> jobs) {
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.result->bytes > b.result->bytes; });
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> failures(jobs.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      try {
        jobs[i].result->sha256 = FileSha256(jobs[i].path);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::size_t workers = std::min<std::size_t>(jobs.size(), std::max(1U, std::thread::hardware_concurrency()));
    for (std::size_t i = 1; i < workers; ++i) helpers.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

std::string Sha256(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.Add(bytes);
  return hasher.Finish();
}

std::string FileSha256(const fs::path& path) {
  const OpenFile file(path, "digest");
  posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_SEQUENTIAL);
  const auto block = std::make_unique_for_overwrite<std::byte[]>(kBlockBytes);
  Hasher hasher;
  std::uint64_t offset = 0;
  for (;;) {
    const std::size_t got = file.ReadAt(offset, {block.get(), kBlockBytes});
    hasher.Add({block.get(), got});
    if (got < kBlockBytes) return hasher.Finish();
    offset += got;
  }
}

std::vector<FileDigest> FileDigests(const Checkpoint& checkpoint) {
  std::vector<std::pair<fs::path, FileDigest>> found;
  for (const Component& component : checkpoint.components()) {
    for (const fs::directory_entry& entry : fs::directory_iterator(component.folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = component.name + "/" + entry.path().filename().string();
      found.emplace_back(entry.path(), FileDigest{name, entry.file_size(), {}});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second.name < b.second.name; });
  std::vector<Job> jobs;
  for (auto& [path, digest] : found) jobs.push_back({path, &digest});
  HashAll(std::move(jobs));
  std::vector<FileDigest> digests;
  for (auto& [path, digest] : found) digests.push_back(std::move(digest));
  return digests;
}

std::string ModelDigest(std::span<const FileDigest> files) {
  Hasher hasher;
  for (const FileDigest& file : files) hasher.Add(BytesOf(file.sha256 + "  " + file.name + "\n"));
  return hasher.Finish();
}

std::string ModelDigest(const Checkpoint& checkpoint) { return ModelDigest(FileDigests(checkpoint)); }

}  // namespace stampd::io
