#include "engine/io/digest.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fcntl.h>
#include <openssl/evp.h>

#include "engine/base/error.h"
#include "engine/io/open_file.h"
#include "engine/io/parallel.h"

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
    std::error_code error;
    const fs::directory_iterator folder(component.folder, error);
    if (error) throw Broken("[digest] " + component.folder.string() + ": expected a readable directory, found: " + error.message());
    for (const fs::directory_entry& entry : folder) {
      if (!entry.is_regular_file()) continue;
      const std::string name = component.name + "/" + entry.path().filename().string();
      found.emplace_back(entry.path(), FileDigest{name, entry.file_size(), {}});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second.name < b.second.name; });
  std::vector<FileDigest> digests;
  for (const auto& [path, digest] : found) digests.push_back(digest);
  ForEachInParallel(found.size(), 0, [&](std::size_t i) { digests[i].sha256 = FileSha256(found[i].first); });
  return digests;
}

std::string ModelDigest(std::span<const FileDigest> files) {
  Hasher hasher;
  for (const FileDigest& file : files) hasher.Add(BytesOf(file.sha256 + "  " + file.name + "\n"));
  return hasher.Finish();
}

std::string ModelDigest(const Checkpoint& checkpoint) { return ModelDigest(FileDigests(checkpoint)); }

}  // namespace stampd::io
