#include "io/text_file.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/io_failure.h"

namespace adaptune {
namespace {

// Decompressed bytes of a file in pieces; zlib passes a plain file through unchanged.
class TextSource {
 public:
  explicit TextSource(const std::filesystem::path& file) : name_(file.string()) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
      throw InputError(name_ + ": is a folder; give the path of a text file");
    }
    stream_ = gzopen(file.c_str(), "rb");
    if (stream_ == nullptr) throw_cannot_open(errno);
    gzbuffer(stream_, 1 << 17);
  }
  ~TextSource() { gzclose(stream_); }
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;

  // Appends the next piece to `text`; false at the end of the file.
  bool append_to(std::string& text) {
    constexpr std::size_t kPiece = 1 << 16;
    const std::size_t old_size = text.size();
    text.resize(old_size + kPiece);
    const int count = gzread(stream_, text.data() + old_size, kPiece);
    text.resize(old_size + static_cast<std::size_t>(std::max(count, 0)));
    if (count < static_cast<int>(kPiece)) check_stream();
    return count > 0;
  }

  const std::string& name() const { return name_; }

 private:
  [[noreturn]] void throw_cannot_open(int error) const {
    if (error == ENOENT || error == ENOTDIR) throw InputError(name_ + ": no such file; check the path");
    throw io_failure(name_, "read", error);
  }

  // A gzip file that ends too early is no error of gzread itself: zlib only notes it.
  void check_stream() const {
    int code = Z_OK;
    const char* const reason = gzerror(stream_, &code);
    if (code == Z_OK || code == Z_STREAM_END) return;
    if (code == Z_ERRNO) throw io_failure(name_, "read", errno);
    throw InputError(name_ + ": the compressed data is damaged (" + reason +
                     "); fetch or compress the file again");
  }

  std::string name_;
  gzFile stream_ = nullptr;
};

// Bytes of `text` to skip at the start of a file.
std::size_t byte_order_mark_size(const std::string& text, const std::string& name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw InputError(name + ": is UTF-16 text, UTF-8 is read; convert it, for example with iconv");
  }
  return text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

}  // namespace

struct LineReader::Impl {
  explicit Impl(const std::filesystem::path& file) : source(file) {
    // Three bytes decide about the mark, and a piece may in principle be shorter.
    while (buffer.size() < 3 && source.append_to(buffer)) {
    }
    begin = byte_order_mark_size(buffer, source.name());
  }

  // Drops what was returned and reads one more piece; false at the end of the file.
  bool refill() {
    buffer.erase(0, begin);
    begin = 0;
    return source.append_to(buffer);
  }

  TextSource source;
  std::string buffer;
  std::size_t begin = 0;
  int64_t number = 0;
};

LineReader::LineReader(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}

LineReader::~LineReader() = default;

bool LineReader::next(std::string& line) {
  Impl& impl = *impl_;
  std::size_t searched = 0;  // bytes after `begin` known to hold no newline
  std::size_t end = 0;
  while ((end = impl.buffer.find('\n', impl.begin + searched)) == std::string::npos) {
    searched = impl.buffer.size() - impl.begin;
    if (impl.refill()) continue;
    if (impl.buffer.empty()) return false;
    line.swap(impl.buffer);
    impl.buffer.clear();
    ++impl.number;
    return true;
  }
  const std::size_t next_line = end + 1;
  if (end > impl.begin && impl.buffer[end - 1] == '\r') --end;
  line.assign(impl.buffer, impl.begin, end - impl.begin);
  impl.begin = next_line;
  ++impl.number;
  return true;
}

int64_t LineReader::line_number() const { return impl_->number; }

std::string read_text(const std::filesystem::path& file) {
  TextSource source(file);
  std::string text;
  while (source.append_to(text)) {
  }
  text.erase(0, byte_order_mark_size(text, source.name()));
  return text;
}

}  // namespace adaptune
