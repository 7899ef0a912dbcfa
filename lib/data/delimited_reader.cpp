#include "data/delimited_reader.h"

#include <algorithm>

#include "core/error.h"
#include "data/record.h"

namespace adaptune {

DelimitedReader::DelimitedReader(const std::filesystem::path& file, char separator, bool quoted)
    : name_(file.string()), lines_(file), separator_(separator), quoted_(quoted) {}

bool DelimitedReader::next_line() {
  position_ = 0;
  return lines_.next(line_);
}

bool DelimitedReader::next(std::vector<std::string>& fields) {
  fields.clear();
  do {
    if (!next_line()) return false;
  } while (line_.empty());
  first_line_ = lines_.line_number();
  while (true) {
    const bool enclosed = quoted_ && position_ < line_.size() && line_[position_] == '"';
    fields.push_back(enclosed ? quoted_field() : plain_field());
    if (position_ == line_.size()) return true;
    ++position_;  // the separator
  }
}

std::string DelimitedReader::plain_field() {
  const std::size_t end = std::min(line_.find(separator_, position_), line_.size());
  std::string field = line_.substr(position_, end - position_);
  position_ = end;
  return field;
}

std::string DelimitedReader::quoted_field() {
  const int64_t opened = lines_.line_number();
  ++position_;
  std::string field;
  while (true) {
    const std::size_t quote = line_.find('"', position_);
    field.append(line_, position_, std::min(quote, line_.size()) - position_);
    if (quote == std::string::npos) {
      field += '\n';
      if (!next_line()) {
        throw InputError(row_location({name_}, opened) + ": the quote opened before " + shortened(field) +
                         " is never closed; close it, or double a quote that is part of the text");
      }
      continue;
    }
    position_ = quote + 1;
    if (position_ == line_.size() || line_[position_] == separator_) return field;
    if (line_[position_] != '"') {
      throw InputError(row_location({name_}, lines_.line_number()) + ": text follows the closing quote: " +
                       shortened(line_.substr(quote)) + "; a quote inside a quoted field is written twice");
    }
    field += '"';
    ++position_;
  }
}

}  // namespace adaptune
