#include "data/image_formats.h"

#include <filesystem>

#include "data/dataset.h"
#include "image/image.h"
#include "image/plain_image.h"
#include "io/tar_archive.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

DatasetOptions images() {
  DatasetOptions options;
  options.images = true;
  return options;
}

std::string big_endian(int value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

}  // namespace

TEST_CASE("a folder of each class gives its images") {
  const TemporaryFolder folder;
  for (const std::string name : {"dog/b.ppm", "dog/a.ppm", "cat/1.ppm", "cat/.hidden"}) {
    fs::create_directories((folder.path() / name).parent_path());
    folder.write(name, plain_image(1, 1, 1, 2, 3));
  }
  const auto dataset = read_dataset({folder.path()}, images());
  REQUIRE(dataset.size() == 3);
  CHECK(dataset.label_names == std::vector<std::string>{"cat", "dog"});
  CHECK(fs::equivalent(dataset.examples[1].image, folder.path() / "dog/a.ppm"));
  CHECK(dataset.examples[1].labels == std::vector<std::string>{"dog"});

  fs::create_directories(folder.path() / "bird");
  CHECK_THAT(input_error_of([&] { read_dataset({folder.path()}, images()); }),
             Contains("bird: no image of this class"));
  fs::remove(folder.path() / "bird");
  folder.write("notes.txt", "x");
  CHECK_THAT(input_error_of([&] { read_dataset({folder.path()}, images()); }),
             Contains("notes.txt: lies beside the folders of the classes"));
}

TEST_CASE("folders of an archive give their images, and none of them is empty") {
  const TemporaryFolder folder;
  const std::string whole = member("train/", "", '5') +
                            member("train/cat/1.ppm", plain_image(1, 1, 1, 2, 3)) +
                            member("train/cat/", "", '5');
  const auto dataset = read_dataset({folder.write("a.tar", whole + kEnd)}, images());
  REQUIRE(dataset.size() == 1);
  CHECK(dataset.label_names == std::vector<std::string>{"cat"});
  CHECK_THAT(dataset.where(dataset.examples[0]), Catch::EndsWith("a.tar: train/cat/1.ppm"));
  const auto file = folder.write("b.tar", whole + member("train/bird/", "", '5') + kEnd);
  CHECK_THAT(input_error_of([&] { read_dataset({file}, images()); }),
             Contains("b.tar: 'train/bird' holds no image"));
}

TEST_CASE("images named in a table are found beside it") {
  const TemporaryFolder folder;
  const auto file = folder.write("rows.jsonl", "{\"image\": \"pictures/1.png\", \"label\": \"cat\"}\n");
  const auto dataset = read_dataset({file}, images());
  REQUIRE(dataset.size() == 1);
  CHECK(dataset.examples[0].image == (folder.path() / "pictures/1.png").string());
  CHECK_FALSE(dataset.examples[0].image_bytes.has_value());
  const auto other = folder.write("other.jsonl", "{\"img\": \"1.png\", \"label\": \"cat\"}\n");
  CHECK_THAT(input_error_of([&] { read_dataset({other}, images()); }), Contains("no column 'image'"));
}

TEST_CASE("CIFAR's batches are read with the names beside them") {
  const TemporaryFolder folder;
  std::string row(3073, '\0');
  row[0] = 1;
  row[1] = 7;     // red of the first pixel
  row[1025] = 8;  // green
  const auto file = folder.write("data_batch_1.bin", row + row);
  CHECK(read_dataset({file}, images()).examples[1].labels == std::vector<std::string>{"1"});
  folder.write("batches.meta.txt", "plane\ncar\n");
  const auto dataset = read_dataset({file}, images());
  CHECK(dataset.examples[0].labels == std::vector<std::string>{"car"});
  const Image image = decode_image(*dataset.examples[0].image_bytes, "test");
  CHECK(image.width == 32);
  CHECK(image.pixels[0] == 7);
  CHECK(image.pixels[1] == 8);
  CHECK_THAT(input_error_of([&] { read_dataset({folder.write("x.bin", "abc")}, images()); }),
             Contains("is no binary batch of CIFAR"));
}

TEST_CASE("MNIST's files are read with their labels") {
  const TemporaryFolder folder;
  const auto file = folder.write("t-images-idx3-ubyte",
                                 big_endian(0x803) + big_endian(2) + big_endian(1) + big_endian(2) + "abcd");
  CHECK_THAT(input_error_of([&] { read_dataset({file}, images()); }),
             Contains("t-labels-idx1-ubyte: no such file"));
  folder.write("t-labels-idx1-ubyte", big_endian(0x801) + big_endian(2) + std::string("\x03\x05"));
  const auto dataset = read_dataset({file}, images());
  REQUIRE(dataset.size() == 2);
  CHECK(dataset.examples[1].labels == std::vector<std::string>{"5"});
  CHECK(decode_image(*dataset.examples[1].image_bytes, "x").pixels[0] == 'c');
  folder.write("t-labels-idx1-ubyte", big_endian(0x801) + big_endian(3) + std::string("\x03\x05\x06"));
  CHECK_THAT(input_error_of([&] { read_dataset({file}, images()); }), Contains("has 2 images"));
  const std::string huge = big_endian(0x803) + big_endian(4) + std::string("\x80\0\0\0\x80\0\0\0", 8);
  CHECK_THAT(input_error_of([&] { read_dataset({folder.write("h-images-idx3-ubyte", huge)}, images()); }),
             Contains("has 0 values, its header says 4 x 2147483648 x 2147483648; fetch it again"));
}

}  // namespace adaptune
