#include <cstring>

#include "io/safetensors_reader.h"
#include "io/safetensors_writer.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

// A file with this header, its length as given or as it is, and data of zeros.
std::string file_with(const std::string& header, std::size_t data_size, uint64_t claimed = 0) {
  const uint64_t length = claimed != 0 ? claimed : header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header + std::string(data_size, '\0');
}

std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto file = folder.write("model.safetensors", bytes);
  return input_error_of([&] { read_safetensors_content(MappedFile(file)); });
}

// The message for one tensor 'w' described by `entry`.
std::string entry_error(const std::string& entry, std::size_t data_size) {
  return error_of(file_with("{\"w\":" + entry + "}", data_size));
}

}  // namespace

TEST_CASE("safetensors: names, types, shapes, bytes and metadata are read") {
  const std::string header =
      R"({"b":{"dtype":"I64","shape":[],"data_offsets":[6,14]},)"
      R"("a":{"dtype":"BF16","shape":[3,1],"data_offsets":[0,6]},)"
      R"("none":{"dtype":"F32","shape":[2,0],"data_offsets":[6,6]},"__metadata__":{"format":"pt"}}   )";
  const TemporaryFolder folder;
  const MappedFile file(folder.write("m.safetensors", file_with(header, 14)));
  const SafetensorsContent content = read_safetensors_content(file);
  REQUIRE(content.tensors.size() == 3);
  CHECK(content.tensors[0].name == "a");
  CHECK(content.tensors[0].type == ElementType::kBFloat16);
  CHECK(content.tensors[0].sizes == std::vector<int64_t>{3, 1});
  CHECK(content.tensors[0].storage.size() == 6);
  CHECK(content.tensors[1].name == "none");
  CHECK(content.tensors[1].storage.empty());
  CHECK(content.tensors[2].sizes.empty());
  CHECK(content.metadata == std::map<std::string, std::string>{{"format", "pt"}});
}

TEST_CASE("safetensors: what is written equals the library's own file, byte for byte") {
  const auto name = GENERATE("models/bert/model.safetensors", "models/bert_float16/model.safetensors",
                             "io/views.safetensors", "io/module_state_dict.safetensors");
  CAPTURE(name);
  const MappedFile file(std::filesystem::path(FIXTURES) / name);
  const SafetensorsContent content = read_safetensors_content(file);
  CHECK(safetensors_file_bytes(content.tensors, content.metadata) == file.bytes());
}

TEST_CASE("safetensors: a header that cannot be right is refused") {
  CHECK_THAT(error_of("\x01"), Contains("model.safetensors: has 1 bytes, too few"));
  CHECK_THAT(error_of(""), Contains("has 0 bytes, too few"));
  CHECK_THAT(error_of(file_with("{}", 0, 3)), Contains("is cut short: the header has 3 bytes, the file 10"));
  CHECK_THAT(error_of(file_with("{}", 0, 100'000'001)), Contains("its header would have 100000001 bytes"));
  CHECK_THAT(error_of(file_with("{}", 0, UINT64_MAX)), Contains("its header would have"));
  CHECK_THAT(error_of(file_with("{\"a\":", 0)), Contains("not valid JSON"));
  CHECK_THAT(error_of(file_with("{\"\xff\":{}}", 0)), Contains("not valid JSON"));
  CHECK_THAT(error_of(file_with("{\"a\":1e999}", 0)), Contains("not valid JSON"));
  CHECK_THAT(error_of(file_with("[]", 0)), Contains("not a JSON object"));
  CHECK_THAT(error_of(file_with(std::string(50'000, '['), 0)), Contains("nested too deep"));
  CHECK_THAT(error_of(file_with(R"({"__metadata__":{"a":1}})", 0)), Contains("'__metadata__' holds 'a'"));
  CHECK_THAT(error_of("version https://git-lfs.github.com/spec/v1\n"), Contains("git lfs pull"));
}

TEST_CASE("safetensors: names given twice are refused") {
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  CHECK_THAT(error_of(file_with("{\"w\":" + entry + ",\"w\":" + entry + "}", 1)),
             Contains("names 'w' twice"));
  CHECK_THAT(entry_error(R"({"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]})", 1),
             Contains("names 'dtype' twice"));
}

TEST_CASE("safetensors: a tensor that cannot be right is named") {
  CHECK_THAT(entry_error(R"({"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]})", 1),
             Contains("tensor 'w' has dtype 'F8_E5M2'; read are BOOL"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 4),
             Contains("tensor 'w' has 4 bytes, but F32 of shape [2] needs 8"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", 4),
             Contains("tensor 'w' has the value -1 in its 'shape'"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})", 4), Contains("value 1.5"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})", 4),
             Contains("value 18446744073709551615"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0),
             Contains("tensor 'w' has the shape [4294967296, 4294967296], too large"));
  CHECK_THAT(entry_error(R"({"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]})", 0),
             Contains("too large"));
  CHECK_THAT(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 4),
             Contains("tensor 'w' ends at byte 8 of 4 bytes of data: the file is cut short"));
  CHECK_THAT(entry_error(R"({"dtype":"U8","shape":[1],"data_offsets":[2,1]})", 4),
             Contains("not [begin, end]"));
  CHECK_THAT(entry_error(R"({"dtype":"U8","shape":[1]})", 1), Contains("tensor 'w' has no 'data_offsets'"));
  CHECK_THAT(entry_error(R"({"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1})", 0),
             Contains("unknown property 'x'"));
  CHECK_THAT(entry_error("7", 0), Contains("tensor 'w' is not described by an object"));
}

TEST_CASE("safetensors: tensors must tile the data") {
  const auto two = [](const std::string& first, const std::string& second) {
    const std::string entry = R"({"dtype":"U8","shape":[4],"data_offsets":)";
    return file_with("{\"a\":" + entry + first + "},\"b\":" + entry + second + "}}", 10);
  };
  CHECK_THAT(error_of(two("[0,4]", "[2,6]")), Contains("tensor 'b' begins at byte 2 inside another tensor"));
  CHECK_THAT(error_of(two("[0,4]", "[5,9]")), Contains("tensor 'b' begins at byte 5 after a gap"));
  CHECK_THAT(error_of(two("[0,4]", "[4,8]")), Contains("2 bytes follow the last tensor 'b'"));
  CHECK_THAT(error_of(file_with("{}", 1)), Contains("1 bytes follow the last tensor"));
}

TEST_CASE("safetensors: a boolean is 0 or 1") {
  std::string bytes = file_with(R"({"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", 2);
  bytes.back() = 2;
  CHECK_THAT(error_of(bytes), Contains("tensor 'w': byte 1 of its booleans is 2"));
}

TEST_CASE("safetensors: names a reader would not understand are not written") {
  StoredTensor tensor;
  tensor.sizes = tensor.strides = {0};
  const auto error = [&](const std::string& name, const std::string& other) {
    StoredTensor a = tensor, b = tensor;
    a.name = name;
    b.name = other;
    return input_error_of([&] { safetensors_file_bytes({a, b}, {}); });
  };
  CHECK_THAT(error("a", "a"), Contains("tensor 'a' is given twice"));
  CHECK_THAT(error("a", "__metadata__"), Contains("rename it"));
  CHECK_THAT(error("a", "\xff"), Contains("not UTF-8"));
}

}  // namespace adaptune
