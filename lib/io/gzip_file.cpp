#include "io/gzip_file.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/io_failure.h"

namespace adaptune {

// zlib passes a plain file through unchanged.
struct GzipFile::Stream {
  explicit Stream(const std::filesystem::path& file) : handle(gzopen(file.c_str(), "rb")) {}
  ~Stream() {
    if (handle != nullptr) gzclose(handle);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  gzFile handle;
};

GzipFile::GzipFile(const std::filesystem::path& file) : name_(file.string()) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    throw InputError(name_ + ": is a folder; give the path of a file");
  stream_ = std::make_unique<Stream>(file);
  if (stream_->handle == nullptr) throw_cannot_open(errno);
  gzbuffer(stream_->handle, 1 << 17);
}

GzipFile::~GzipFile() = default;

bool GzipFile::append_to(std::string& bytes) {
  constexpr std::size_t kPiece = 1 << 16;
  const std::size_t old_size = bytes.size();
  bytes.resize(old_size + kPiece);
  const int count = gzread(stream_->handle, bytes.data() + old_size, kPiece);
  bytes.resize(old_size + static_cast<std::size_t>(std::max(count, 0)));
  if (count < static_cast<int>(kPiece)) check_stream();
  return count > 0;
}

void GzipFile::throw_cannot_open(int error) const {
  if (error == ENOENT || error == ENOTDIR) throw InputError(name_ + ": no such file; check the path");
  throw io_failure(name_, "read", error);
}

// A gzip file that ends too early is no error of gzread itself: zlib only notes it.
void GzipFile::check_stream() const {
  int code = Z_OK;
  const char* const reason = gzerror(stream_->handle, &code);
  if (code == Z_OK || code == Z_STREAM_END) return;
  if (code == Z_ERRNO) throw io_failure(name_, "read", errno);
  throw InputError(name_ + ": the compressed data is damaged (" + reason +
                   "); fetch or compress the file again");
}

}  // namespace adaptune
