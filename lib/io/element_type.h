#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace adaptune {

// What a tensor in a file is made of. The order is the one in which safetensors' own writer groups
// tensors (last first), so that wider elements come first and stay aligned.
enum class ElementType {
  kBool,
  kUint8,
  kInt8,
  kInt16,
  kFloat16,
  kBFloat16,
  kInt32,
  kFloat32,
  kFloat64,
  kInt64
};

struct ElementTypeRow {
  ElementType type;
  std::string_view safetensors;  // "F32"
  std::string_view storage;      // "FloatStorage", in the module `torch`
  std::size_t size;              // bytes of one element
};

const ElementTypeRow& element_type_row(ElementType type);
// Null when the name is not known.
const ElementTypeRow* find_safetensors_type(std::string_view name);
const ElementTypeRow* find_storage_type(std::string_view name);
// "BOOL, U8, ...": for messages.
std::string known_safetensors_types();
std::string known_storage_types();

}  // namespace adaptune
