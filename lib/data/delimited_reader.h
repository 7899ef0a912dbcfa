#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/text_file.h"

namespace adaptune {

// Rows of fields with a separator between them. Empty lines are skipped.
class DelimitedReader {
 public:
  // quoted: RFC 4180's double quotes, else quotes are plain characters.
  DelimitedReader(const std::filesystem::path& file, char separator, bool quoted);
  // The next row; false at the end. InputError for a quote that is never closed or text after a closing one.
  bool next(std::vector<std::string>& fields);
  int64_t line_number() const { return first_line_; }  // where the row returned last begins

 private:
  bool next_line();
  std::string plain_field();
  std::string quoted_field();

  std::string name_;
  LineReader lines_;
  char separator_;
  bool quoted_;
  std::string line_;
  std::size_t position_ = 0;
  int64_t first_line_ = 0;
};

}  // namespace adaptune
