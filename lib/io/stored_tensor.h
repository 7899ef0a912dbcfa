#pragma once
// A tensor as a file holds it, before (or without) LibTorch: what the readers return and the writers take.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/element_type.h"

namespace adaptune {

// Element (i, j, ..) lies at storage[offset + i * strides[0] + j * strides[1] + ..]. All numbers count
// elements. `storage` is borrowed, little-endian, whole elements, not necessarily aligned.
struct StoredTensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;  // as many as sizes
  int64_t offset = 0;
  std::string_view storage;
};

// Strides of a row-major tensor; those of an empty tensor are as LibTorch makes them.
std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& sizes);

// Number of elements; nothing when a size is negative or the product of the sizes (zeros left out) in
// bytes does not fit 63 bits.
std::optional<int64_t> element_count(const std::vector<int64_t>& sizes, std::size_t element_size);

// True when every element lies in a storage of `storage_elements`.
bool fits_storage(const StoredTensor& tensor, int64_t storage_elements);

// "[2, 3]"
std::string shape_text(const std::vector<int64_t>& sizes);

// A boolean other than 0 or 1 would be undefined behaviour in C++: throws InputError for one,
// "<where>: tensor 'name': ...".
void check_booleans(const StoredTensor& tensor, const std::string& where);

}  // namespace adaptune
