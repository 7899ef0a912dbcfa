#include "io/stored_tensor.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {

static_assert(std::endian::native == std::endian::little, "files hold little-endian numbers, used in place");

std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

std::optional<int64_t> element_count(const std::vector<int64_t>& sizes, std::size_t element_size) {
  int64_t bytes = static_cast<int64_t>(element_size);
  bool empty = false;
  for (const int64_t size : sizes) {
    if (size < 0) return std::nullopt;
    if (size == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(bytes, size, &bytes)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : bytes / static_cast<int64_t>(element_size);
}

bool fits_storage(const StoredTensor& tensor, int64_t storage_elements) {
  if (tensor.offset < 0 || tensor.offset > storage_elements) return false;
  if (tensor.strides.size() != tensor.sizes.size()) return false;
  int64_t last = tensor.offset;
  bool empty = false;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    if (tensor.sizes[i] < 0 || tensor.strides[i] < 0) return false;
    if (tensor.sizes[i] == 0) {
      empty = true;
      continue;
    }
    int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.sizes[i] - 1, tensor.strides[i], &reach)) return false;
    if (__builtin_add_overflow(last, reach, &last)) return false;
  }
  return empty || last < storage_elements;
}

std::string shape_text(const std::vector<int64_t>& sizes) {
  std::string text = "[";
  for (const int64_t size : sizes) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

void check_booleans(const StoredTensor& tensor, const std::string& where) {
  if (tensor.type != ElementType::kBool) return;
  const auto bad =
      std::find_if(tensor.storage.begin(), tensor.storage.end(), [](char c) { return c != 0 && c != 1; });
  if (bad == tensor.storage.end()) return;
  throw InputError(where + ": tensor " + quoted_name(tensor.name) + ": byte " +
                   std::to_string(bad - tensor.storage.begin()) + " of its booleans is " +
                   std::to_string(static_cast<unsigned char>(*bad)) + ", not 0 or 1; the file is damaged");
}

}  // namespace adaptune
