#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace adaptune {

// Incremental SHA-256 (OpenSSL's).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(const void* data, std::size_t size);
  void update(const std::string& text) { update(text.data(), text.size()); }
  std::string hex();  // ends the computation; 64 lower-case digits

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_hex(const std::string& bytes);

}  // namespace adaptune
