#include "io/torch_archive_writer.h"

#include <cstdint>
#include <set>
#include <utility>

#include "core/error.h"
#include "io/pickle_opcode.h"
#include "io/printable.h"
#include "io/zip_writer.h"

namespace adaptune {
namespace {

// Emits a pickle program of protocol 2 without a memo.
class PickleProgram {
 public:
  void opcode(uint8_t opcode) { bytes_ += static_cast<char>(opcode); }

  void text(const std::string& text) {
    opcode(PickleOpcode::kBinUnicode);
    little_endian(text.size(), 4);
    bytes_ += text;
  }

  void number(int64_t value) {
    const bool narrow = value == static_cast<int32_t>(value);
    opcode(narrow ? PickleOpcode::kBinInt : PickleOpcode::kLong1);
    if (!narrow) bytes_ += '\x08';
    little_endian(static_cast<uint64_t>(value), narrow ? 4 : 8);
  }

  void global(const std::string& module, const std::string& name) {
    opcode(PickleOpcode::kGlobal);
    bytes_ += module + "\n" + name + "\n";
  }

  void numbers(const std::vector<int64_t>& values) {
    constexpr uint8_t kClose[] = {PickleOpcode::kEmptyTuple, PickleOpcode::kTuple1, PickleOpcode::kTuple2,
                                  PickleOpcode::kTuple3};
    const bool small = values.size() < std::size(kClose);
    if (!small) opcode(PickleOpcode::kMark);
    for (const int64_t value : values) number(value);
    opcode(small ? kClose[values.size()] : uint8_t{PickleOpcode::kTuple});
  }

  std::string take() && { return std::move(bytes_); }

 private:
  void little_endian(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xff);
  }

  std::string bytes_;
};

void emit_storage(PickleProgram& program, const StoredTensor& tensor, const std::string& key) {
  const ElementTypeRow& row = element_type_row(tensor.type);
  program.opcode(PickleOpcode::kMark);
  program.text("storage");
  program.global("torch", std::string(row.storage));
  program.text(key);
  program.text("cpu");
  program.number(static_cast<int64_t>(tensor.storage.size() / row.size));
  program.opcode(PickleOpcode::kTuple);
  program.opcode(PickleOpcode::kBinPersId);
}

void emit_tensor(PickleProgram& program, const StoredTensor& tensor, const std::string& key) {
  program.text(tensor.name);
  program.global("torch._utils", "_rebuild_tensor_v2");
  program.opcode(PickleOpcode::kMark);
  emit_storage(program, tensor, key);
  program.number(0);  // offset
  program.numbers(tensor.sizes);
  program.numbers(tensor.strides);
  program.opcode(PickleOpcode::kNewFalse);       // requires_grad
  program.global("collections", "OrderedDict");  // hooks
  program.opcode(PickleOpcode::kEmptyTuple);
  program.opcode(PickleOpcode::kReduce);
  program.opcode(PickleOpcode::kTuple);
  program.opcode(PickleOpcode::kReduce);
}

std::string state_dict_program(const std::vector<StoredTensor>& tensors) {
  PickleProgram program;
  program.opcode(PickleOpcode::kProto);
  program.opcode(2);
  program.opcode(PickleOpcode::kEmptyDict);
  program.opcode(PickleOpcode::kMark);
  for (std::size_t i = 0; i < tensors.size(); ++i) emit_tensor(program, tensors[i], std::to_string(i));
  program.opcode(PickleOpcode::kSetItems);
  program.opcode(PickleOpcode::kStop);
  return std::move(program).take();
}

}  // namespace

std::string torch_archive_bytes(const std::vector<StoredTensor>& tensors) {
  std::set<std::string> names;
  for (const StoredTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second)
      throw InputError("tensor " + quoted_name(tensor.name) + " is given twice");
  }
  const std::string top = "archive/";
  ZipWriter zip;
  zip.add(top + "data.pkl", state_dict_program(tensors));
  zip.add(top + "byteorder", "little");
  for (std::size_t i = 0; i < tensors.size(); ++i)
    zip.add(top + "data/" + std::to_string(i), tensors[i].storage);
  zip.add(top + "version", "3\n");
  return std::move(zip).finish();
}

}  // namespace adaptune
