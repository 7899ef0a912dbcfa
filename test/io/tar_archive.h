#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace adaptune {

inline std::string octal(uint64_t value, size_t size) {
  std::string digits(size - 1, '0');
  for (size_t i = digits.size(); i-- > 0; value /= 8) digits[i] = static_cast<char>('0' + value % 8);
  return digits + '\0';
}

// A header and its content, as tar writes them.
inline std::string member(const std::string& name, const std::string& bytes, char type = '0') {
  std::string header(512, '\0');
  std::memcpy(header.data(), name.data(), std::min<size_t>(name.size(), 100));
  header.replace(124, 12, octal(bytes.size(), 12));
  header[156] = type;
  header.replace(257, 8, std::string("ustar\00000", 8));
  header.replace(148, 8, std::string(8, ' '));
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, octal(sum, 7) + " ");
  std::string padded = bytes;
  padded.resize((bytes.size() + 511) / 512 * 512);
  return header + padded;
}

inline const std::string kEnd(1024, '\0');

}  // namespace adaptune
