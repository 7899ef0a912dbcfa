#include "core/sha256.h"

#include <fstream>

#include "core/atomic_file.h"

#include "catch.h"

namespace adaptune {

// The expected digests were written by coreutils' sha256sum.
TEST_CASE("SHA-256 agrees with sha256sum") {
  const std::string folder = std::string(FIXTURES) + "/core/";
  std::ifstream expected(folder + "SHA256SUMS");
  int count = 0;
  for (std::string digest, name; expected >> digest >> name; ++count) {
    INFO(name);
    const std::string bytes = read_file(folder + name);
    CHECK(sha256_hex(bytes) == digest);

    Sha256 in_pieces;
    for (size_t start = 0; start < bytes.size(); start += 77) in_pieces.update(bytes.substr(start, 77));
    CHECK(in_pieces.hex() == digest);
  }
  CHECK(count == 3);
}

}  // namespace adaptune
