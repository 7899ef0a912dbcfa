#include "io/fingerprint.h"

#include "core/sha256.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {

TEST_CASE("fingerprint: a file's is the SHA-256 of its bytes") {
  const TemporaryFolder folder;
  CHECK(fingerprint_file(folder.write("a", "some bytes")) == sha256_hex("some bytes"));
  CHECK(fingerprint_file(folder.write("empty", "")) == sha256_hex(""));
  CHECK_THAT(input_error_of([&] { fingerprint_file(folder.path() / "absent"); }),
             Contains("absent: no such file"));
}

TEST_CASE("fingerprint: a model's depends on its weight files and not on where they lie") {
  const TemporaryFolder one, other;
  const WeightFiles here{{one.write("1.safetensors", "first"), one.write("2.safetensors", "second")}, {}};
  const WeightFiles there{{other.write("2.safetensors", "second"), other.write("1.safetensors", "first")},
                          {}};
  const std::string fingerprint = fingerprint_weights(here);
  CHECK(fingerprint.size() == 64);
  CHECK(fingerprint == sha256_hex(sha256_hex("first") + sha256_hex("second")));
  CHECK(fingerprint_weights(there) == fingerprint);
  one.write("2.safetensors", "Second");
  CHECK(fingerprint_weights(here) != fingerprint);
}

}  // namespace adaptune
