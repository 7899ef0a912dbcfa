#pragma once

#include <cstdint>
#include <string>

namespace adaptune {

// CRC-32C (Castagnoli, RFC 3720).
uint32_t crc32c(const std::string& bytes);
// As TFRecord files store it: rotated right by 15 bits, plus 0xa282ead8, so that a sum over data that
// contains sums is sound.
uint32_t masked_crc32c(const std::string& bytes);

}  // namespace adaptune
