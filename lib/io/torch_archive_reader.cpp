#include "io/torch_archive_reader.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "io/pickle_machine.h"
#include "io/printable.h"
#include "io/zip_reader.h"

namespace adaptune {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLongestProgram = 100'000'000;  // that of a state dict of 10,000 tensors: 2 MB

void reject_other_formats(const MappedFile& file) {
  const std::string name = file.path().string();
  const std::string_view bytes = file.bytes();
  const std::string remedy =
      "; load it with torch.load and save it again with torch.save of PyTorch 1.6 or later, or as "
      "safetensors";
  // Protocol 2, then the number 0x1950a86a20f9469cfc6c.
  if (bytes.starts_with("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv)) {
    throw InputError(name + ": is in PyTorch's format from before version 1.6, which is not read" + remedy);
  }
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") {
    throw InputError(
        name + ": is a tar archive, PyTorch's format from before version 0.1.10, which is not read" + remedy);
  }
  if (bytes.empty()) throw InputError(name + ": is empty; fetch or save it again");
  if (!bytes.starts_with("PK")) {
    throw InputError(name +
                     ": is not a file of torch.save (a zip archive); give a .bin of PyTorch 1.6 or later" +
                     " or a .safetensors file");
  }
}

// The zip members of one saved object: "<top>/data.pkl", "<top>/data/0", ..
class Archive {
 public:
  explicit Archive(const MappedFile& file) : file_(file.path().string()), zip_(file) {
    constexpr std::string_view kProgram = "/data.pkl";
    for (const std::string& member : zip_.names()) {
      const std::size_t slash = member.find('/');
      if (slash == std::string::npos || member.substr(slash) != kProgram) continue;
      if (!top_.empty())
        throw InputError(file_ + ": holds several saved objects; save one state dict to a file");
      top_ = member.substr(0, slash + 1);
    }
    if (top_.empty()) {
      throw InputError(file_ +
                       ": is a zip archive without a data.pkl, not a file of torch.save; "
                       "give a .bin or .safetensors file");
    }
    check_kind();
    program_ = *zip_.find(top_ + "data.pkl");
    check_program_size();
  }

  std::string_view program() const { return program_; }

  std::string_view storage(const PickledTensor& pickled, const std::string& who) const {
    const std::string member = top_ + "data/" + std::string(pickled.storage_key);
    const auto found = zip_.find(member);
    if (!found) {
      throw InputError(who + ": its storage " + quoted_name(member) +
                       " is not in the file; fetch or save it again");
    }
    const int64_t size = static_cast<int64_t>(element_type_row(pickled.tensor.type).size);
    const int64_t bytes = static_cast<int64_t>(found->size());
    if (bytes % size != 0 || bytes / size != pickled.storage_elements) {
      throw InputError(who + ": its storage " + quoted_name(member) + " has " + std::to_string(bytes) +
                       " bytes, but " + std::to_string(pickled.storage_elements) + " elements of " +
                       std::to_string(size) +
                       " bytes were saved; the file is damaged, fetch or save it again");
    }
    return *found;
  }

 private:
  void check_kind() const {
    if (zip_.find(top_ + "constants.pkl")) {
      throw InputError(
          file_ + ": is a TorchScript program, not a state dict; save model.state_dict() with torch.save");
    }
    const auto order = zip_.find(top_ + "byteorder");
    if (order && !order->starts_with("little")) {
      throw InputError(file_ + ": was saved with byte order " + quoted_name(*order) +
                       ", only 'little' is read; save it again on a little-endian machine");
    }
  }

  void check_program_size() const {
    if (program_.size() > kLongestProgram) {
      throw InputError(file_ + ": its data.pkl has " + std::to_string(program_.size()) + " bytes, at most " +
                       std::to_string(kLongestProgram) + " are read; save only the state dict");
    }
  }

  std::string file_;
  ZipReader zip_;
  std::string top_;
  std::string_view program_;
};

// Finds the named tensors in what the program built.
class StateDict {
 public:
  StateDict(const PickleTree& tree, std::string file)
      : tree_(tree), file_(std::move(file)), visited_(tree.values.size()) {}

  // Name and index of every tensor.
  std::vector<std::pair<std::string, std::size_t>> entries() {
    std::set<std::string> names;
    std::vector<std::pair<std::string, std::size_t>> found;
    const std::vector<uint32_t>& items = state_dict().items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleValue& value = tree_.values[items[i + 1]];
      if (value.kind != PickleKind::kTensor) {
        reject_hidden_tensors(items[i], items[i + 1]);
        continue;
      }
      const std::string name = key(items[i]);
      if (!names.insert(name).second) {
        throw InputError(file_ + ": tensor " + quoted_name(name) +
                         " is there twice; fetch or save the file again");
      }
      found.emplace_back(name, static_cast<std::size_t>(value.number));
    }
    return found;
  }

 private:
  const PickleValue& state_dict() const {
    const PickleValue& root = tree_.values[tree_.root];
    if (root.kind != PickleKind::kDict) {
      throw InputError(
          file_ + ": holds " + (root.kind == PickleKind::kTensor ? "a single tensor" : "no dict") +
          " where a dict from names to tensors is read; save model.state_dict() with torch.save");
    }
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleValue& name = tree_.values[root.items[i]];
      const PickleValue& value = tree_.values[root.items[i + 1]];
      const bool nested = name.kind == PickleKind::kText && name.text == "state_dict";
      if (nested && value.kind == PickleKind::kDict) return value;
    }
    return root;
  }

  std::string key(uint32_t index) const {
    const PickleValue& value = tree_.values[index];
    if (value.kind != PickleKind::kText) {
      throw InputError(file_ + ": a tensor's key is not a text; save a dict from names to tensors");
    }
    return std::string(value.text);
  }

  void reject_hidden_tensors(uint32_t name, uint32_t value) {
    if (!holds_tensor(value)) return;
    const PickleValue& text = tree_.values[name];
    throw InputError(file_ + ": entry " +
                     quoted_name(text.kind == PickleKind::kText ? text.text : "(not a text)") +
                     " holds tensors inside another container; save one flat dict from names to tensors");
  }

  // Without recursion, and every value once: containers may hold each other, or themselves.
  bool holds_tensor(uint32_t start) {
    std::vector<uint32_t> open = {start};
    while (!open.empty()) {
      const uint32_t index = open.back();
      open.pop_back();
      if (visited_[index]) continue;
      visited_[index] = true;
      const PickleValue& value = tree_.values[index];
      if (value.kind == PickleKind::kTensor) return true;
      open.insert(open.end(), value.items.begin(), value.items.end());
    }
    return false;
  }

  const PickleTree& tree_;
  std::string file_;
  std::vector<bool> visited_;
};

}  // namespace

std::vector<StoredTensor> read_torch_archive(const MappedFile& file) {
  reject_lfs_pointer(file);
  reject_other_formats(file);
  const std::string name = file.path().string();
  const Archive archive(file);
  const PickleTree tree = run_pickle_program(archive.program(), name);
  std::vector<StoredTensor> tensors;
  for (const auto& [key, index] : StateDict(tree, name).entries()) {
    const PickledTensor& pickled = tree.tensors[index];
    StoredTensor tensor = pickled.tensor;
    tensor.name = key;
    tensor.storage = archive.storage(pickled, name + ": tensor " + quoted_name(key));
    check_booleans(tensor, name);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace adaptune
