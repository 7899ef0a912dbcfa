#include "io/text_file.h"

#include "core/error.h"
#include "io/gzip_file.h"

namespace adaptune {
namespace {

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

  GzipFile source;
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
  GzipFile source(file);
  std::string text;
  while (source.append_to(text)) {
  }
  text.erase(0, byte_order_mark_size(text, source.name()));
  return text;
}

}  // namespace adaptune
