#include "io/element_type.h"

#include <algorithm>
#include <array>

namespace adaptune {
namespace {

constexpr std::array<ElementTypeRow, 10> kRows = {{
    {ElementType::kBool, "BOOL", "BoolStorage", 1},
    {ElementType::kUint8, "U8", "ByteStorage", 1},
    {ElementType::kInt8, "I8", "CharStorage", 1},
    {ElementType::kInt16, "I16", "ShortStorage", 2},
    {ElementType::kFloat16, "F16", "HalfStorage", 2},
    {ElementType::kBFloat16, "BF16", "BFloat16Storage", 2},
    {ElementType::kInt32, "I32", "IntStorage", 4},
    {ElementType::kFloat32, "F32", "FloatStorage", 4},
    {ElementType::kFloat64, "F64", "DoubleStorage", 8},
    {ElementType::kInt64, "I64", "LongStorage", 8},
}};

const ElementTypeRow* find_row(std::string_view ElementTypeRow::*column, std::string_view name) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const auto& r) { return r.*column == name; });
  return row == kRows.end() ? nullptr : &*row;
}

std::string joined(std::string_view ElementTypeRow::*column) {
  std::string names;
  for (const ElementTypeRow& row : kRows) {
    if (!names.empty()) names += ", ";
    names += row.*column;
  }
  return names;
}

}  // namespace

const ElementTypeRow& element_type_row(ElementType type) { return kRows.at(static_cast<std::size_t>(type)); }

const ElementTypeRow* find_safetensors_type(std::string_view name) {
  return find_row(&ElementTypeRow::safetensors, name);
}

const ElementTypeRow* find_storage_type(std::string_view name) {
  return find_row(&ElementTypeRow::storage, name);
}

std::string known_safetensors_types() { return joined(&ElementTypeRow::safetensors); }

std::string known_storage_types() { return joined(&ElementTypeRow::storage); }

}  // namespace adaptune
