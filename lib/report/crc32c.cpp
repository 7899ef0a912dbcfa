#include "report/crc32c.h"

#include <array>
#include <bit>

namespace adaptune {
namespace {

constexpr uint32_t kReversedPolynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? kReversedPolynomial : 0);
    table[byte] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = make_table();

}  // namespace

uint32_t crc32c(const std::string& bytes) {
  uint32_t value = 0xffffffff;
  for (unsigned char byte : bytes) value = (value >> 8) ^ kTable[(value ^ byte) & 0xff];
  return ~value;
}

uint32_t masked_crc32c(const std::string& bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

}  // namespace adaptune
