#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <utility>

#include "io/pickle_machine.h"
#include "io/temporary_folder.h"
#include "io/torch_archive_reader.h"
#include "io/torch_archive_writer.h"
#include "io/zip_writer.h"

#include "catch.h"

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace adaptune {
namespace {

using namespace std::string_literals;

// Pieces of pickle programs.
const std::string kStart = "\x80\x02";
const std::string kNoHooks = "ccollections\nOrderedDict\n)R";

std::string text(const std::string& value) {
  return "X" + std::string(1, static_cast<char>(value.size())) + "\0\0\0"s + value;
}

std::string small(int value) { return {'K', static_cast<char>(value)}; }

std::string storage(const std::string& type, const std::string& key, const std::string& elements) {
  return "(" + text("storage") + "ctorch\n" + type + "\n" + text(key) + text("cpu") + elements + "tQ";
}

// A float tensor over storage 0 of four elements unless told otherwise.
struct TensorProgram {
  std::string storage_part = storage("FloatStorage", "0", small(4));
  std::string offset = small(0), sizes = small(4) + "\x85", strides = small(1) + "\x85";
  std::string text() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage_part + offset + sizes + strides + "\x89" +
           kNoHooks + "tR";
  }
};

std::string dict_with(const std::string& key, const std::string& value) {
  return kStart + "}(" + text(key) + value + "u.";
}

std::filesystem::path archive(const TemporaryFolder& folder, const std::string& program,
                              const std::string& byteorder = "little",
                              const std::string& data = std::string(16, '\0')) {
  ZipWriter zip;
  zip.add("x/data.pkl", program);
  zip.add("x/byteorder", byteorder);
  zip.add("x/data/0", data);
  return folder.write("pytorch_model.bin", std::move(zip).finish());
}

std::string error_of(const std::string& program) {
  const TemporaryFolder folder;
  const auto file = archive(folder, program);
  return input_error_of([&] { read_torch_archive(MappedFile(file)); });
}

std::string fixture_error(const std::string& name) {
  const MappedFile file(std::filesystem::path(FIXTURES) / "io" / name);
  return input_error_of([&] { read_torch_archive(file); });
}

std::string tensor_error(const TensorProgram& tensor) { return error_of(dict_with("w", tensor.text())); }

}  // namespace

TEST_CASE("torch archive: one tensor over its storage") {
  const TemporaryFolder folder;
  TensorProgram program;
  program.offset = small(1);
  program.sizes = small(2) + "\x85";
  const MappedFile file(archive(folder, dict_with("w", program.text())));
  const auto tensors = read_torch_archive(file);
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].name == "w");
  CHECK(tensors[0].type == ElementType::kFloat32);
  CHECK(tensors[0].sizes == std::vector<int64_t>{2});
  CHECK(tensors[0].offset == 1);
  CHECK(tensors[0].storage.size() == 16);
}

TEST_CASE("torch archive: a function is refused by name and never called") {
  const std::string remedy =
      "\n     adaptune never executes what a pickle file asks for. Convert it to safetensors with the tool "
      "that "
      "wrote it.";
  std::string program = kStart + "}(";
  for (int i = 1; i <= 16; ++i) program += text("w" + std::to_string(i)) + TensorProgram().text();
  program += text("evil") + "cos\nsystem\n" + text("touch pwned") + "\x85Ru.";
  CHECK_THAT(error_of(program),
             EndsWith("pytorch_model.bin: tensor 17 refers to 'os.system': only tensors and "
                      "plain containers are read" +
                      remedy));
  const auto refused =
      GENERATE(as<std::pair<std::string, std::string>>{}, std::pair("builtins", "eval"),
               std::pair("torch.storage", "_load_from_bytes"), std::pair("torch._utils", "_rebuild_qtensor"),
               std::pair("collections", "defaultdict"), std::pair("torch", "load"),
               std::pair("collections.OrderedDict", ""));
  const auto& [module, name] = refused;
  const std::string expected = "tensor 1 refers to '" + module + "." + name + "'";
  CHECK_THAT(error_of(kStart + "c" + module + "\n" + name + "\n."), Contains(expected));
  const std::string on_stack = "\x80\x04\x8c" + std::string(1, static_cast<char>(module.size())) + module +
                               "\x8c" + std::string(1, static_cast<char>(name.size())) + name + "\x93.";
  CHECK_THAT(error_of(on_stack), Contains(expected));
}

TEST_CASE("torch archive: a storage type of another kind is named") {
  CHECK_THAT(fixture_error("complex.bin"),
             Contains("tensor 1 has the storage type 'ComplexFloatStorage'; read are"));
}

TEST_CASE("torch archive: other files are refused with a remedy") {
  CHECK_THAT(fixture_error("before_1_6.bin"), Contains("before version 1.6") && Contains("torch.save"));
  CHECK_THAT(fixture_error("single_tensor.bin"), Contains("holds a single tensor"));
  CHECK_THAT(fixture_error("nested_tensors.bin"),
             Contains("entry 'inner' holds tensors inside another container"));
  CHECK_THAT(fixture_error("views.safetensors"), Contains("is not a file of torch.save"));
  const TemporaryFolder folder;
  const auto error = [&](const std::string& bytes) {
    const auto file = folder.write("a.bin", bytes);
    return input_error_of([&] { read_torch_archive(MappedFile(file)); });
  };
  CHECK_THAT(error(std::string(257, '\0') + "ustar" + std::string(250, '\0')), Contains("is a tar archive"));
  CHECK_THAT(error(""), Contains("a.bin: is empty"));
  CHECK_THAT(error("version https://git-lfs.github.com/spec/v1\n"), Contains("git lfs pull"));
  ZipWriter zip;
  zip.add("x/other", "");
  CHECK_THAT(error(std::move(zip).finish()), Contains("without a data.pkl"));
  ZipWriter script;
  script.add("x/data.pkl", "");
  script.add("x/constants.pkl", "");
  CHECK_THAT(error(std::move(script).finish()), Contains("is a TorchScript program"));
  ZipWriter several;
  several.add("x/data.pkl", "");
  several.add("y/data.pkl", "");
  CHECK_THAT(error(std::move(several).finish()), Contains("several saved objects"));
  const auto big_endian = archive(folder, dict_with("w", TensorProgram().text()), "big");
  CHECK_THAT(input_error_of([&] { read_torch_archive(MappedFile(big_endian)); }),
             Contains("byte order 'big'"));
}

TEST_CASE("torch archive: a tensor outside its storage is named") {
  TensorProgram program;
  program.offset = small(1);
  CHECK_THAT(tensor_error(program),
             Contains("tensor 1 ('w') of shape [4], strides [1], offset 1 reaches outside"));
  program = {};
  program.strides = small(2) + "\x85";
  CHECK_THAT(tensor_error(program), Contains("reaches outside its storage of 4 elements"));
  program = {};
  program.offset = "J\xff\xff\xff\xff"s;
  CHECK_THAT(tensor_error(program), Contains("offset -1 reaches outside"));
  program = {};
  program.strides = "J\xff\xff\xff\xff\x85"s;
  CHECK_THAT(tensor_error(program), Contains("reaches outside"));
  program = {};
  program.sizes = "J\xff\xff\xff\xff\x85"s;
  CHECK_THAT(tensor_error(program), Contains("of shape [-1] is impossible"));
  const std::string huge = "\x8a\x08\0\0\0\0\0\0\0\x40"s;  // 2^62
  program = {};
  program.sizes = huge + huge + "\x86";
  program.strides = small(0) + small(0) + "\x86";
  CHECK_THAT(tensor_error(program), Contains("too large for any memory"));
  program = {};
  program.sizes = small(2) + "\x85";
  program.strides = huge + "\x85";
  CHECK_THAT(tensor_error(program), Contains("reaches outside"));
  program = {};
  program.sizes = small(2) + small(2) + "\x86";
  CHECK_THAT(tensor_error(program), Contains("reaches outside"));
}

TEST_CASE("torch archive: a storage must be there and have its size") {
  TensorProgram program;
  program.storage_part = storage("FloatStorage", "5", small(4));
  CHECK_THAT(tensor_error(program), Contains("tensor 'w': its storage 'x/data/5' is not in the file"));
  program.storage_part = storage("DoubleStorage", "0", small(4));
  CHECK_THAT(tensor_error(program),
             Contains("tensor 'w': its storage 'x/data/0' has 16 bytes, but 4 elements of 8"));
  program.storage_part = storage("FloatStorage", "0", "\x8a\x08\0\0\0\0\0\0\0\x40"s);
  CHECK_THAT(tensor_error(program), Contains("has 16 bytes, but 4611686018427387904 elements"));
  program.storage_part = storage("FloatStorage", "0", "J\xff\xff\xff\xff"s);
  CHECK_THAT(tensor_error(program), Contains("a storage is not described"));
  program.storage_part = "N";
  CHECK_THAT(tensor_error(program), Contains("tensor 1 ('w') has no storage"));
  const TemporaryFolder folder;
  program = {};
  program.storage_part = storage("BoolStorage", "0", small(4));
  const auto file = archive(folder, dict_with("w", program.text()), "little", "\0\1\7\1"s);
  CHECK_THAT(input_error_of([&] { read_torch_archive(MappedFile(file)); }),
             Contains("tensor 'w': byte 2 of its booleans is 7"));
}

TEST_CASE("torch archive: what is not a dict of tensors is refused") {
  CHECK_THAT(error_of(kStart + "N."), Contains("holds no dict"));
  CHECK_THAT(error_of(dict_with("w", TensorProgram().text() + text("w") + TensorProgram().text())),
             Contains("tensor 'w' is there twice"));
  CHECK_THAT(error_of(kStart + "}" + small(3) + TensorProgram().text() + "s."),
             Contains("key is not a text"));
  CHECK_THAT(error_of(dict_with("w", "](" + TensorProgram().text() + "e")),
             Contains("entry 'w' holds tensors"));
}

TEST_CASE("pickle: damaged programs are refused") {
  CHECK_THAT(error_of(""), Contains("cut short"));
  CHECK_THAT(error_of("}."), Contains("does not begin with its protocol"));
  CHECK_THAT(error_of("\x80\x01}."), Contains("protocol 1 is not 2 to 5"));
  CHECK_THAT(error_of(kStart + "}"), Contains("cut short"));
  CHECK_THAT(error_of(kStart + "."), Contains("a value is missing"));
  CHECK_THAT(error_of(kStart + "u."), Contains("a mark is missing"));
  CHECK_THAT(error_of(kStart + "}(Nu."), Contains("a key without a value"));
  CHECK_THAT(error_of(kStart + "(NNs."), Contains("a value is missing"));
  CHECK_THAT(error_of(kStart + "NNNs."), Contains("not a list or dict"));
  CHECK_THAT(error_of(kStart + "\x87."), Contains("values are missing"));
  CHECK_THAT(error_of(kStart + "h\x07."), Contains("the memo has no entry 7"));
  CHECK_THAT(error_of(kStart + "X\xff\xff\xff\x7f."), Contains("cut short"));
  CHECK_THAT(error_of("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), Contains("cut short"));
  CHECK_THAT(error_of(kStart + "ctorch"), Contains("cut short in a name"));
  CHECK_THAT(error_of(kStart + "N)R."), Contains("calls something that is not a function"));
  CHECK_THAT(error_of(kStart + "NNb."), Contains("sets the state"));
  CHECK_THAT(error_of(kStart + "NQ."), Contains("a storage is not described by five values"));
  CHECK_THAT(error_of(kStart + "i."), Contains("its opcode 105 at byte 2 is not one"));
}

TEST_CASE("pickle: containers that hold each other end, and a flood of values is refused") {
  // A list that holds itself beside one tensor.
  const std::string cycle = "]q\x01h\x01" + "a"s;
  const TemporaryFolder folder;
  const MappedFile file(archive(folder, dict_with("a", cycle + text("w") + TensorProgram().text())));
  CHECK(read_torch_archive(file).size() == 1);
  CHECK_THAT(error_of(kStart + std::string(4'100'000, '}') + "."),
             Contains("holds more than 4000000 values"));
  CHECK_THAT(error_of(kStart + std::string(4'100'000, '(') + "."), Contains("too many marks"));
  CHECK_THAT(error_of(kStart + "N" + std::string(4'100'000, '2') + "."), Contains("stack grows too large"));
}

TEST_CASE("torch archive: saved dicts, modules and checkpoints are read") {
  const auto names = [](const std::string& name) {
    const MappedFile file(std::filesystem::path(FIXTURES) / name);
    std::vector<std::string> found;
    for (const StoredTensor& tensor : read_torch_archive(file)) found.push_back(tensor.name);
    return found;
  };
  const std::vector<std::string> module = {
      "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"};
  CHECK(names("io/module_state_dict.bin") == module);
  CHECK(names("io/training_checkpoint.pt") == module);
  CHECK(names("io/protocol4.pth") == std::vector<std::string>{"weight"});
}

TEST_CASE("torch archive: what is written is read again, and the same bytes every time") {
  const std::string floats(24, '\x3f'), numbers = "\1\0\0\0\0\0\0\0"s;
  StoredTensor matrix{"layer.weight", ElementType::kFloat32, {2, 3}, {3, 1}, 0, floats};
  StoredTensor scalar{"scalar", ElementType::kInt64, {}, {}, 0, numbers};
  StoredTensor deep{"deep", ElementType::kInt16, {1, 2, 1, 2}, {4, 2, 2, 1}, 0, numbers};
  StoredTensor empty{"empty", ElementType::kBool, {0, 3}, {3, 1}, 0, ""};
  const std::string bytes = torch_archive_bytes({matrix, scalar, deep, empty});
  CHECK(bytes == torch_archive_bytes({matrix, scalar, deep, empty}));
  const TemporaryFolder folder;
  const MappedFile file(folder.write("a.bin", bytes));
  const auto read = read_torch_archive(file);
  REQUIRE(read.size() == 4);
  for (const StoredTensor& expected : {matrix, scalar, deep, empty}) {
    const auto found =
        std::find_if(read.begin(), read.end(), [&](const auto& t) { return t.name == expected.name; });
    REQUIRE(found != read.end());
    CHECK(found->type == expected.type);
    CHECK(found->sizes == expected.sizes);
    CHECK(found->strides == expected.strides);
    CHECK(found->storage == expected.storage);
  }
  CHECK_THAT(input_error_of([&] { torch_archive_bytes({matrix, matrix}); }), Contains("is given twice"));
}

TEST_CASE("torch archive: damaged bytes give an error or a tensor, never a crash") {
  const auto name = GENERATE("views.bin", "module_state_dict.bin", "training_checkpoint.pt", "protocol4.pth");
  const std::string good = bytes_of(std::filesystem::path(FIXTURES) / "io" / name);
  std::mt19937 random(1);
  const TemporaryFolder folder;
  std::size_t refused = 0, total = 0;
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good;
    for (int i = 0; i <= round % 4; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    const MappedFile file(folder.write("a.bin", bytes));
    const std::string error = input_error_of([&] {
      for (const StoredTensor& tensor : read_torch_archive(file)) {
        total += tensor.storage.size();
        const auto size = static_cast<int64_t>(element_type_row(tensor.type).size);
        CHECK(fits_storage(tensor, static_cast<int64_t>(tensor.storage.size()) / size));
      }
    });
    refused += !error.empty();
  }
  CHECK(refused > 50);
  CHECK(total > 0);
}

}  // namespace adaptune
