#pragma once
// What a pickle program builds, without executing anything: a tree of plain values and tensors.

#include <cstdint>
#include <string_view>
#include <vector>

#include "io/stored_tensor.h"

namespace adaptune {

enum class PickleKind : uint8_t {
  kNone,
  kBool,         // number
  kInt,          // number
  kOpaque,       // a float, a very large integer or bytes: skipped over
  kText,         // text
  kTuple,        // items
  kList,         // items; sets too
  kDict,         // items: key, value, key, value, ..
  kFunction,     // number: a PickleFunction
  kStorageType,  // element
  kStorage,      // text: key of the storage in the archive; number: its elements; element
  kTensor,       // number: index into PickleTree::tensors
};

// The only things a state dict may ask for beside storage types.
enum class PickleFunction : int64_t { kRebuildTensor, kRebuildParameter, kOrderedDict };

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  ElementType element = ElementType::kUint8;
  int64_t number = 0;
  std::string_view text;        // borrowed from the program
  std::vector<uint32_t> items;  // indices into PickleTree::values
};

// A tensor whose storage is still only a key. Elements are known to lie inside `storage_elements`.
struct PickledTensor {
  StoredTensor tensor;  // name and storage are empty
  std::string_view storage_key;
  int64_t storage_elements = 0;
};

struct PickleTree {
  std::vector<PickleValue> values;
  std::vector<PickledTensor> tensors;
  uint32_t root = 0;
};

}  // namespace adaptune
