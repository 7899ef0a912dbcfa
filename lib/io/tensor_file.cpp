#include "io/tensor_file.h"

#include <ATen/ATen.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/open_file.h"
#include "io/mapped_file.h"
#include "io/printable.h"
#include "io/safetensors_reader.h"
#include "io/safetensors_writer.h"
#include "io/torch_archive_reader.h"
#include "io/torch_archive_writer.h"

namespace adaptune {
namespace {

constexpr std::array<std::pair<ElementType, torch::ScalarType>, 10> kScalarTypes = {{
    {ElementType::kBool, torch::kBool},
    {ElementType::kUint8, torch::kUInt8},
    {ElementType::kInt8, torch::kInt8},
    {ElementType::kInt16, torch::kInt16},
    {ElementType::kFloat16, torch::kFloat16},
    {ElementType::kBFloat16, torch::kBFloat16},
    {ElementType::kInt32, torch::kInt32},
    {ElementType::kFloat32, torch::kFloat32},
    {ElementType::kFloat64, torch::kFloat64},
    {ElementType::kInt64, torch::kInt64},
}};

torch::ScalarType scalar_type(ElementType type) {
  return kScalarTypes.at(static_cast<std::size_t>(type)).second;
}

// Makes LibTorch tensors of what a file holds. Aliases stay aliases: storages are made once.
class TensorMaker {
 public:
  explicit TensorMaker(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {}

  torch::Tensor make(const StoredTensor& stored) {
    const auto options = torch::TensorOptions().dtype(scalar_type(stored.type));
    if (stored.storage.empty()) return at::empty_strided(stored.sizes, stored.strides, options);
    auto& storage = storages_[{stored.storage.data(), stored.type}];
    if (!storage.defined()) storage = make_storage(stored, options);
    return storage.as_strided(stored.sizes, stored.strides, stored.offset);
  }

 private:
  // 1-D; a view of the mapping where its place allows that, otherwise a copy.
  torch::Tensor make_storage(const StoredTensor& stored, const torch::TensorOptions& options) const {
    const std::size_t size = element_type_row(stored.type).size;
    const auto elements = static_cast<int64_t>(stored.storage.size() / size);
    char* const data = const_cast<char*>(stored.storage.data());
    if (reinterpret_cast<std::uintptr_t>(data) % size != 0) {
      torch::Tensor copy = at::empty({elements}, options);
      std::memcpy(copy.data_ptr(), data, stored.storage.size());
      return copy;
    }
    return at::for_blob(data, {elements})
        .deleter([file = file_](void*) {})
        .options(options)
        .target_device(at::kCPU)
        .make_tensor();
  }

  std::shared_ptr<const MappedFile> file_;
  std::map<std::pair<const char*, ElementType>, torch::Tensor> storages_;
};

TensorMap make_tensors(std::shared_ptr<const MappedFile> file, const std::vector<StoredTensor>& stored) {
  TensorMaker maker(std::move(file));
  TensorMap tensors;
  for (const StoredTensor& tensor : stored) tensors.emplace(tensor.name, maker.make(tensor));
  return tensors;
}

ElementType element_type(const std::string& name, torch::ScalarType type) {
  for (const auto& [element, scalar] : kScalarTypes) {
    if (type == scalar) return element;
  }
  throw InputError("tensor " + quoted_name(name) + " has dtype " + c10::toString(type) +
                   ", which is not written; convert it to one of " + known_safetensors_types());
}

// What the writers take, and the contiguous CPU tensors whose memory it borrows.
struct StoredTensors {
  std::vector<torch::Tensor> memory;
  std::vector<StoredTensor> tensors;
};

StoredTensors store(const TensorMap& tensors) {
  StoredTensors result;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined() || tensor.layout() != torch::kStrided) {
      throw InputError("tensor " + quoted_name(name) +
                       " is undefined or sparse and cannot be written; make it dense");
    }
    StoredTensor stored;
    stored.name = name;
    stored.type = element_type(name, tensor.scalar_type());
    stored.sizes = tensor.sizes().vec();
    stored.strides = contiguous_strides(stored.sizes);
    const torch::Tensor& plain = result.memory.emplace_back(tensor.detach().cpu().contiguous().resolve_neg());
    stored.storage = {static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()};
    result.tensors.push_back(std::move(stored));
  }
  return result;
}

// Shards are checked against the index: each tensor in the shard it is mapped to, and in no other.
TensorMap read_shards(const WeightFiles& weights) {
  TensorMap tensors;
  std::map<std::string, std::string> origin;
  for (const auto& file : weights.files) {
    for (auto& [name, tensor] : read_tensor_file(file)) {
      const auto [first, inserted] = origin.emplace(name, file.filename().string());
      if (!inserted) {
        throw InputError(file.string() + ": tensor " + quoted_name(name) + " is also in the shard " +
                         quoted_name(first->second) + "; fetch the model folder again");
      }
      tensors.emplace(name, std::move(tensor));
    }
  }
  for (const auto& [name, shard] : read_weight_index(weights.index)) {
    const auto found = origin.find(name);
    if (found != origin.end() && found->second == shard) continue;
    throw InputError(weights.index.string() + ": tensor " + quoted_name(name) + " should be in the shard " +
                     quoted_name(shard) + " and is " +
                     (found == origin.end() ? std::string("nowhere") : "in " + quoted_name(found->second)) +
                     "; fetch the model folder again");
  }
  return tensors;
}

}  // namespace

TensorMap read_safetensors(const std::filesystem::path& file, TextMap* metadata) {
  const auto mapped = std::make_shared<const MappedFile>(file);
  SafetensorsContent content = read_safetensors_content(*mapped);
  if (metadata != nullptr) *metadata = std::move(content.metadata);
  return make_tensors(mapped, content.tensors);
}

std::string safetensors_bytes(const TensorMap& tensors, const TextMap& metadata) {
  return safetensors_file_bytes(store(tensors).tensors, metadata);
}

void write_safetensors(const std::filesystem::path& file, const TensorMap& tensors, const TextMap& metadata) {
  write_file_atomically(file, safetensors_bytes(tensors, metadata));
}

void write_tensor_rows(const std::filesystem::path& file, const TensorRows& tensor, const TextMap& metadata,
                       const std::function<void(const RowSink&)>& fill) {
  StoredTensor stored;
  stored.name = tensor.name;
  stored.type = element_type(tensor.name, tensor.type);
  stored.sizes = tensor.shape;
  const std::string header = safetensors_header({stored}, metadata);
  write_file_atomically(file, [&](OpenFile& out) {
    out.write(header);
    int64_t rows = 0;
    fill([&](const torch::Tensor& part) {
      const auto plain = part.detach().cpu().contiguous();
      if (plain.scalar_type() != tensor.type ||
          plain.sizes().slice(1) != at::IntArrayRef(tensor.shape).slice(1))
        throw std::logic_error("rows of another kind than the tensor they are written to");
      rows += plain.size(0);
      out.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
    });
    if (rows != tensor.shape.front()) throw std::logic_error("not as many rows as the tensor was to have");
  });
}

TensorMap read_pickle(const std::filesystem::path& file) {
  const auto mapped = std::make_shared<const MappedFile>(file);
  return make_tensors(mapped, read_torch_archive(*mapped));
}

std::string pickle_bytes(const TensorMap& tensors) { return torch_archive_bytes(store(tensors).tensors); }

void write_pickle(const std::filesystem::path& file, const TensorMap& tensors) {
  write_file_atomically(file, pickle_bytes(tensors));
}

TensorMap read_tensor_file(const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".safetensors") return read_safetensors(file);
  if (ending == ".bin" || ending == ".pt" || ending == ".pth") return read_pickle(file);
  throw InputError(file.string() + ": has the ending " + quoted_name(ending) +
                   "; tensors are read from .safetensors, .bin, .pt and .pth files");
}

TensorMap read_weights(const std::filesystem::path& folder) {
  const WeightFiles weights = find_weight_files(folder);
  return weights.index.empty() ? read_tensor_file(weights.files.front()) : read_shards(weights);
}

}  // namespace adaptune
