#include "io/pickle_objects.h"

#include <optional>
#include <utility>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {
namespace {

constexpr std::size_t kMostDimensions = 64;  // LibTorch's own limit

std::optional<PickleFunction> find_function(std::string_view module, std::string_view name) {
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") return PickleFunction::kRebuildTensor;
  if (module == "torch._utils" && name == "_rebuild_parameter") return PickleFunction::kRebuildParameter;
  if (module == "collections" && name == "OrderedDict") return PickleFunction::kOrderedDict;
  return std::nullopt;
}

std::optional<ElementType> find_storage(std::string_view module, std::string_view name) {
  const bool untyped = name == "UntypedStorage" && (module == "torch" || module == "torch.storage");
  if (untyped) return ElementType::kUint8;
  const ElementTypeRow* const row = module == "torch" ? find_storage_type(name) : nullptr;
  return row == nullptr ? std::nullopt : std::optional(row->type);
}

std::vector<int64_t> read_numbers(const PickleStack& stack, uint32_t tuple, const std::string& what) {
  const PickleValue& value = stack.at(tuple);
  if (value.kind != PickleKind::kTuple && value.kind != PickleKind::kList)
    stack.fail(what + " is not a tuple");
  if (value.items.size() > kMostDimensions) stack.fail(what + " has too many dimensions");
  std::vector<int64_t> numbers;
  for (const uint32_t item : value.items) {
    if (stack.at(item).kind != PickleKind::kInt) stack.fail(what + " holds something that is not an integer");
    numbers.push_back(stack.at(item).number);
  }
  return numbers;
}

void check_extent(const PickleStack& stack, const PickledTensor& pickled, const std::string& who) {
  const StoredTensor& tensor = pickled.tensor;
  const std::string shape = " of shape " + shape_text(tensor.sizes);
  if (!element_count(tensor.sizes, element_type_row(tensor.type).size)) {
    stack.fail(who + shape + " is impossible: negative or too large for any memory");
  }
  if (!fits_storage(tensor, pickled.storage_elements)) {
    stack.fail(who + shape + ", strides " + shape_text(tensor.strides) + ", offset " +
               std::to_string(tensor.offset) + " reaches outside its storage of " +
               std::to_string(pickled.storage_elements) + " elements");
  }
}

// Arguments: storage, offset, sizes, strides, requires_grad, hooks and, in newer files, metadata.
void rebuild_tensor(PickleStack& stack, const std::vector<uint32_t>& arguments) {
  const std::string who = stack.current_tensor();
  if (arguments.size() != 6 && arguments.size() != 7) stack.fail(who + " has a wrong number of arguments");
  const PickleValue& storage = stack.at(arguments[0]);
  if (storage.kind != PickleKind::kStorage) stack.fail(who + " has no storage");
  if (stack.at(arguments[1]).kind != PickleKind::kInt) stack.fail(who + " has no offset");
  PickledTensor pickled;
  pickled.storage_key = storage.text;
  pickled.storage_elements = storage.number;
  pickled.tensor.type = storage.element;
  pickled.tensor.offset = stack.at(arguments[1]).number;
  pickled.tensor.sizes = read_numbers(stack, arguments[2], who + ": its shape");
  pickled.tensor.strides = read_numbers(stack, arguments[3], who + ": its strides");
  check_extent(stack, pickled, who);
  stack.charge(4 + 2 * pickled.tensor.sizes.size());
  stack.tree().tensors.push_back(std::move(pickled));
  PickleValue value;
  value.kind = PickleKind::kTensor;
  value.number = static_cast<int64_t>(stack.tree().tensors.size() - 1);
  stack.push_new(std::move(value));
}

// Arguments: tensor, requires_grad, hooks.
void rebuild_parameter(PickleStack& stack, const std::vector<uint32_t>& arguments) {
  if (arguments.size() != 3 || stack.at(arguments[0]).kind != PickleKind::kTensor) {
    stack.fail(stack.current_tensor() + " is a parameter without a tensor");
  }
  stack.push(arguments[0]);
}

// Arguments: none, or (Python 2) one list of pairs.
void make_ordered_dict(PickleStack& stack, const std::vector<uint32_t>& arguments) {
  PickleValue dict;
  dict.kind = PickleKind::kDict;
  if (arguments.size() > 1) stack.fail("an OrderedDict has a wrong number of arguments");
  if (arguments.size() == 1) {
    const PickleValue& pairs = stack.at(arguments[0]);
    if (pairs.kind != PickleKind::kList) stack.fail("an OrderedDict is not made from a list");
    stack.charge(2 * pairs.items.size());
    for (const uint32_t pair : pairs.items) {
      const std::vector<uint32_t>& items = stack.at(pair).items;
      const bool tuple =
          stack.at(pair).kind == PickleKind::kTuple || stack.at(pair).kind == PickleKind::kList;
      if (!tuple || items.size() != 2) stack.fail("an OrderedDict is not made from pairs");
      dict.items.insert(dict.items.end(), items.begin(), items.end());
    }
  }
  stack.push_new(std::move(dict));
}

}  // namespace

void push_global(PickleStack& stack, std::string_view module, std::string_view name) {
  PickleValue value;
  if (const auto function = find_function(module, name)) {
    value.kind = PickleKind::kFunction;
    value.number = static_cast<int64_t>(*function);
  } else if (const auto element = find_storage(module, name)) {
    value.kind = PickleKind::kStorageType;
    value.element = *element;
  } else if (module == "torch" && name.ends_with("Storage")) {
    throw InputError(stack.where() + ": tensor " + std::to_string(stack.tree().tensors.size() + 1) +
                     " has the storage type " + quoted_name(name) + "; read are " + known_storage_types() +
                     ". Convert it with the tool that wrote it.");
  } else {
    throw InputError(stack.where() + ": tensor " + std::to_string(stack.tree().tensors.size() + 1) +
                     " refers to " + quoted_name(std::string(module) + "." + std::string(name)) +
                     ": only tensors and plain containers are read\n"
                     "     adaptune never executes what a pickle file asks for. Convert it to safetensors "
                     "with the tool that wrote it.");
  }
  stack.push_new(std::move(value));
}

void push_storage(PickleStack& stack) {
  const PickleValue& tuple = stack.at(stack.pop());
  if (tuple.kind != PickleKind::kTuple || tuple.items.size() != 5)
    stack.fail("a storage is not described by five values");
  const PickleValue& tag = stack.at(tuple.items[0]);
  const PickleValue& type = stack.at(tuple.items[1]);
  const PickleValue& key = stack.at(tuple.items[2]);
  const PickleValue& elements = stack.at(tuple.items[4]);
  if (tag.kind != PickleKind::kText || tag.text != "storage" || type.kind != PickleKind::kStorageType ||
      key.kind != PickleKind::kText || elements.kind != PickleKind::kInt || elements.number < 0) {
    stack.fail("a storage is not described by its tag, type, key, device and size");
  }
  PickleValue storage;
  storage.kind = PickleKind::kStorage;
  storage.element = type.element;
  storage.text = key.text;
  storage.number = elements.number;
  stack.push_new(std::move(storage));
}

void reduce(PickleStack& stack) {
  const uint32_t tuple = stack.pop();
  const uint32_t function = stack.pop();
  if (stack.at(tuple).kind != PickleKind::kTuple) stack.fail("a call has no tuple of arguments");
  if (stack.at(function).kind != PickleKind::kFunction)
    stack.fail("it calls something that is not a function");
  const std::vector<uint32_t> arguments = stack.at(tuple).items;
  switch (static_cast<PickleFunction>(stack.at(function).number)) {
    case PickleFunction::kRebuildTensor:
      return rebuild_tensor(stack, arguments);
    case PickleFunction::kRebuildParameter:
      return rebuild_parameter(stack, arguments);
    case PickleFunction::kOrderedDict:
      return make_ordered_dict(stack, arguments);
  }
}

void build(PickleStack& stack) {
  stack.pop();
  if (stack.at(stack.top()).kind != PickleKind::kDict)
    stack.fail("it sets the state of something that is not a dict");
}

}  // namespace adaptune
