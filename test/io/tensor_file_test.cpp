#include "io/tensor_file.h"

#include <torch/torch.h>

#include <cstring>

#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

const std::filesystem::path kFixtures = FIXTURES;

// Same names, types, shapes and bits.
void check_same(const TensorMap& found, const TensorMap& expected) {
  REQUIRE(found.size() == expected.size());
  for (const auto& [name, tensor] : expected) {
    CAPTURE(name);
    REQUIRE(found.contains(name));
    CHECK(found.at(name).scalar_type() == tensor.scalar_type());
    CHECK(found.at(name).sizes() == tensor.sizes());
    CHECK(torch::equal(found.at(name), tensor));
  }
}

TensorMap one_of_each_type() {
  TensorMap tensors;
  const auto values = torch::tensor({-3.0, 0.0, 1.5, 100.0, 1.0 / 3.0, -0.0}).view({3, 2});
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                          torch::kInt32, torch::kInt16, torch::kInt8, torch::kBool}) {
    tensors[c10::toString(type)] = values.to(type);
  }
  tensors["unsigned"] = torch::tensor({0, 128, 255}, torch::kUInt8);
  tensors["scalar"] = torch::tensor(int64_t{-7});
  tensors["empty"] = torch::empty({2, 0, 3});
  tensors["nothing"] = torch::empty({0}, torch::kBool);
  tensors["deep"] = torch::arange(24).view({1, 2, 3, 4, 1});
  tensors["name with \"quotes\", \\ and \xC3\xA4"] = torch::ones({1});
  return tensors;
}

}  // namespace

TEST_CASE("the same backbone is read from every container") {
  TextMap metadata;
  const TensorMap whole = read_safetensors(kFixtures / "models/bert/model.safetensors", &metadata);
  REQUIRE_FALSE(whole.empty());
  CHECK(metadata == TextMap{{"format", "pt"}});
  check_same(read_weights(kFixtures / "models/bert"), whole);
  check_same(read_weights(kFixtures / "models/bert_bin"), whole);
  check_same(read_weights(kFixtures / "models/bert_sharded"), whole);
  TensorMap half;
  for (const auto& [name, tensor] : whole) half[name] = tensor.to(torch::kFloat16);
  check_same(read_weights(kFixtures / "models/bert_float16"), half);
}

TEST_CASE("views that share a storage are read as the tensors they are") {
  const TensorMap views = read_pickle(kFixtures / "io/views.bin");
  check_same(views, read_safetensors(kFixtures / "io/views.safetensors"));
  CHECK(views.at("transposed").strides() == torch::IntArrayRef({1, 6}));
  CHECK(views.at("expanded").strides() == torch::IntArrayRef({0}));
  CHECK(views.at("window").storage_offset() == 8);
  for (const auto* alias : {"transposed", "row", "column", "window", "expanded", "scalar", "parameter"}) {
    CHECK(views.at(alias).is_alias_of(views.at("base")));
  }
}

TEST_CASE("a module's state dict is read with its counters") {
  const TensorMap expected = read_safetensors(kFixtures / "io/module_state_dict.safetensors");
  check_same(read_tensor_file(kFixtures / "io/module_state_dict.bin"), expected);
  const TensorMap from_checkpoint = read_tensor_file(kFixtures / "io/training_checkpoint.pt");
  check_same(from_checkpoint, expected);
}

TEST_CASE("every type and shape survives writing and reading") {
  const TensorMap tensors = one_of_each_type();
  const TemporaryFolder folder;
  const TextMap metadata = {{"a", "1"}, {"text", "line\nand \"quote\""}};
  write_safetensors(folder.path() / "a.safetensors", tensors, metadata);
  TextMap metadata_read;
  check_same(read_safetensors(folder.path() / "a.safetensors", &metadata_read), tensors);
  CHECK(metadata_read == metadata);
  write_pickle(folder.path() / "a.bin", tensors);
  check_same(read_pickle(folder.path() / "a.bin"), tensors);
  write_safetensors(folder.path() / "none.safetensors", {});
  CHECK(read_safetensors(folder.path() / "none.safetensors").empty());
  write_pickle(folder.path() / "none.bin", {});
  CHECK(read_pickle(folder.path() / "none.bin").empty());
}

TEST_CASE("what is written does not depend on how the tensors lie in memory") {
  const torch::Tensor matrix = torch::arange(6, torch::kFloat32).view({2, 3}).requires_grad_();
  const TensorMap plain = {{"a", matrix.detach().clone()}, {"b", matrix.detach().t().contiguous()}};
  const TensorMap views = {{"a", matrix}, {"b", matrix.t()}};
  CHECK(safetensors_bytes(views) == safetensors_bytes(plain));
  CHECK(pickle_bytes(views) == pickle_bytes(plain));
}

TEST_CASE("LibTorch's own unpickler reads what is written") {
  const TensorMap tensors = one_of_each_type();
  const std::string bytes = pickle_bytes(tensors);
  const auto dict = torch::pickle_load(std::vector<char>(bytes.begin(), bytes.end())).toGenericDict();
  TensorMap read;
  for (const auto& entry : dict) read[entry.key().toStringRef()] = entry.value().toTensor();
  check_same(read, tensors);
}

TEST_CASE("tensors outlive the file they were read from") {
  const TemporaryFolder folder;
  const TensorMap tensors = one_of_each_type();
  write_safetensors(folder.path() / "a.safetensors", tensors);
  write_pickle(folder.path() / "a.bin", tensors);
  const TensorMap first = read_safetensors(folder.path() / "a.safetensors");
  const TensorMap second = read_pickle(folder.path() / "a.bin");
  std::filesystem::remove(folder.path() / "a.safetensors");
  std::filesystem::remove(folder.path() / "a.bin");
  check_same(first, tensors);
  check_same(second, tensors);
}

TEST_CASE("writing to a tensor that was read leaves the file as it was") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.safetensors";
  write_safetensors(file, {{"w", torch::zeros({4})}});
  read_safetensors(file).at("w").fill_(1);
  CHECK(read_safetensors(file).at("w").sum().item<float>() == 0);
}

TEST_CASE("a tensor at an odd place of its file is copied") {
  const std::string header = R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("w":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})";
  const uint64_t length = header.size();
  const float values[] = {1.5f, -2.0f};
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes += header + '\7' + std::string(reinterpret_cast<const char*>(values), sizeof(values));
  const TemporaryFolder folder;
  const torch::Tensor tensor = read_safetensors(folder.write("a.safetensors", bytes)).at("w");
  CHECK(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % sizeof(float) == 0);
  CHECK(torch::equal(tensor, torch::tensor({1.5f, -2.0f})));
}

TEST_CASE("tensors that no container holds are refused by name") {
  const auto error = [](const torch::Tensor& tensor) {
    const std::string message = input_error_of([&] { safetensors_bytes({{"w", tensor}}); });
    CHECK(message == input_error_of([&] { pickle_bytes({{"w", tensor}}); }));
    return message;
  };
  CHECK_THAT(error(torch::zeros({1}, torch::kComplexFloat)), Contains("tensor 'w' has dtype ComplexFloat"));
  CHECK_THAT(error(torch::zeros({2, 2}).to_sparse()), Contains("tensor 'w' is undefined or sparse"));
  CHECK_THAT(error({}), Contains("tensor 'w' is undefined"));
}

TEST_CASE("files are told apart by their ending") {
  CHECK_THAT(input_error_of([] { read_tensor_file("weights.h5"); }),
             Contains("weights.h5: has the ending '.h5'; tensors are read from .safetensors, .bin"));
  CHECK_THAT(input_error_of([] { read_tensor_file("absent.safetensors"); }),
             Contains("absent.safetensors: no such"));
  CHECK_THAT(input_error_of([] { read_tensor_file("absent.bin"); }), Contains("absent.bin: no such file"));
}

TEST_CASE("shards that contradict their index are refused") {
  const TemporaryFolder folder;
  const TensorMap a = {{"a", torch::ones({1})}}, b = {{"b", torch::ones({1})}};
  write_safetensors(folder.path() / "1.safetensors", a);
  write_safetensors(folder.path() / "2.safetensors", b);
  const auto error = [&](const std::string& map) {
    folder.write("model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
    return input_error_of([&] { read_weights(folder.path()); });
  };
  const std::string good = R"("a":"1.safetensors","b":"2.safetensors")";
  CHECK(error(good).empty());
  CHECK_THAT(error(good + R"(,"c":"2.safetensors")"),
             Contains("tensor 'c' should be in the shard '2.safetensors' and is nowhere"));
  CHECK_THAT(error(R"("a":"2.safetensors","b":"1.safetensors")"),
             Contains("tensor 'a' should be in the shard '2.safetensors' and is in '1.safetensors'"));
  write_safetensors(folder.path() / "2.safetensors", {{"a", torch::ones({1})}, {"b", torch::ones({1})}});
  CHECK_THAT(error(good), Contains("2.safetensors: tensor 'a' is also in the shard '1.safetensors'"));
}

}  // namespace adaptune
