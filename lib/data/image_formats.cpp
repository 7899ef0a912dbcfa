#include "data/image_formats.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "io/gzip_file.h"
#include "io/tar_file.h"
#include "io/text_file.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

Record labelled_image(Cell image, const std::string& label, int64_t number) {
  return {{"image", "label"}, {std::move(image), {Cell::Kind::kText, label, {}, {}}}, number};
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

// Sorted, without hidden ones.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!is_hidden(entry.path())) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string decompressed(const fs::path& path) {
  GzipFile file(path);
  std::string bytes;
  while (file.append_to(bytes)) {
  }
  return bytes;
}

// Pixels as a file of the netpbm formats: what a decoder reads. `channels` 1 or 3, interleaved.
Cell raw_image(const std::string& name, int64_t height, int64_t width, int channels,
               const std::string& pixels) {
  const std::string header =
      (channels == 3 ? "P6\n" : "P5\n") + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  return {Cell::Kind::kImage, name, {}, header + pixels};
}

// Plane behind plane to pixel behind pixel.
std::string interleaved(const std::string& planes) {
  const size_t size = planes.size() / 3;
  std::string pixels;
  pixels.reserve(planes.size());
  for (size_t i = 0; i < size; ++i) {
    for (size_t channel = 0; channel < 3; ++channel) pixels += planes[channel * size + i];
  }
  return pixels;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  if (!fs::exists(file)) return lines;
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// The name of class `number`, where there are names.
std::string class_name(const std::vector<std::string>& names, int number) {
  return static_cast<size_t>(number) < names.size() ? names[static_cast<size_t>(number)]
                                                    : std::to_string(number);
}

int64_t big_endian(const std::string& bytes, size_t position) {
  int64_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[position + i]);
  return value;
}

// An IDX file's sizes after its magic number, and where its values begin.
struct Idx {
  std::string bytes;
  std::vector<int64_t> sizes;
  size_t begin;
};

Idx read_idx_file(const fs::path& file, size_t dimensions) {
  Idx idx{decompressed(file), {}, 4 + 4 * dimensions};
  const bool has_header = idx.bytes.size() >= idx.begin;
  if (!has_header || big_endian(idx.bytes, 0) != static_cast<int64_t>(0x800 + dimensions)) {
    throw InputError(file.string() + ": is no IDX file of bytes in " + std::to_string(dimensions) +
                     " dimensions; fetch it again");
  }
  const auto values = static_cast<int64_t>(idx.bytes.size() - idx.begin);
  int64_t count = 1;
  std::string shape;
  for (size_t i = 0; i < dimensions; ++i) {
    const int64_t size = big_endian(idx.bytes, 4 + 4 * i);
    idx.sizes.push_back(size);
    shape += (i == 0 ? "" : " x ") + std::to_string(size);
    count =
        size > 0 && count > values / size ? values + 1 : count * size;  // too many are not multiplied further
  }
  if (count != values) {
    throw InputError(file.string() + ": has " + std::to_string(values) + " values, its header says " + shape +
                     "; fetch it again");
  }
  return idx;
}

}  // namespace

void read_image_folder(const fs::path& folder, const FormatOptions&, const RecordSink& sink) {
  int64_t number = 0;
  const auto classes = entries(folder);
  for (const auto& entry : classes) {
    if (!fs::is_directory(entry)) {
      throw InputError(entry.string() +
                       ": lies beside the folders of the classes; every image belongs into one of them");
    }
    const auto files = entries(entry);
    if (files.empty())
      throw InputError(entry.string() + ": no image of this class; remove the folder, or fill it");
    for (const auto& file : files) {
      const std::string name = (entry.filename() / file.filename()).string();
      sink(labelled_image({Cell::Kind::kText, (folder.filename() / name).string(), {}, {}}, entry.filename(),
                          ++number));
    }
  }
}

void read_image_tar(const fs::path& file, const FormatOptions&, const RecordSink& sink) {
  int64_t number = 0;
  std::set<fs::path> folders, filled;
  read_tar(file, [&](TarMember&& member) {
    const fs::path path(member.name);
    if (is_hidden(path)) return;
    if (member.is_folder) {
      folders.insert(path);
      return;
    }
    for (auto parent = path.parent_path(); !parent.empty(); parent = parent.parent_path())
      filled.insert(parent);
    if (!path.has_parent_path())
      throw InputError(file.string() + ": '" + member.name +
                       "' lies in no folder; the folder of an image is its class");
    sink(labelled_image({Cell::Kind::kImage, member.name, {}, std::move(member.bytes)},
                        path.parent_path().filename().string(), ++number));
  });
  for (const auto& own : folders) {
    if (!filled.contains(own))
      throw InputError(file.string() + ": '" + own.string() +
                       "' holds no image; pack the archive without it");
  }
}

void read_cifar(const fs::path& file, const FormatOptions&, const RecordSink& sink) {
  constexpr size_t kPixels = 3 * 32 * 32;
  const std::string bytes = decompressed(file);
  const size_t labels = bytes.size() % (kPixels + 1) == 0 ? 1 : 2;  // CIFAR-100: the coarse one first
  const size_t row = kPixels + labels;
  if (bytes.empty() || bytes.size() % row != 0) {
    throw InputError(file.string() + ": is no binary batch of CIFAR: " + std::to_string(bytes.size()) +
                     " bytes are no multiple of 3073 or 3074; fetch it again");
  }
  const auto names =
      lines_of(file.parent_path() / (labels == 1 ? "batches.meta.txt" : "fine_label_names.txt"));
  for (size_t i = 0; i < bytes.size() / row; ++i) {
    const int label = static_cast<unsigned char>(bytes[i * row + labels - 1]);
    const std::string pixels = interleaved(bytes.substr(i * row + labels, kPixels));
    sink(labelled_image(raw_image("image " + std::to_string(i), 32, 32, 3, pixels), class_name(names, label),
                        static_cast<int64_t>(i) + 1));
  }
}

void read_idx(const fs::path& file, const FormatOptions&, const RecordSink& sink) {
  std::string name = file.filename().string();
  const auto images_at = name.rfind("images-idx3");
  if (images_at == std::string::npos)
    throw InputError(file.string() + ": the name of such a file ends in 'images-idx3-ubyte'");
  name.replace(images_at, 11, "labels-idx1");
  const Idx images = read_idx_file(file, 3), labels = read_idx_file(file.parent_path() / name, 1);
  if (images.sizes[0] != labels.sizes[0]) {
    throw InputError(file.string() + ": has " + std::to_string(images.sizes[0]) + " images, " + name + " " +
                     std::to_string(labels.sizes[0]) + " labels; fetch the pair again");
  }
  const int64_t height = images.sizes[1], width = images.sizes[2];
  const auto size = static_cast<size_t>(height * width);
  for (size_t i = 0; i < static_cast<size_t>(images.sizes[0]); ++i) {
    const int label = static_cast<unsigned char>(labels.bytes[labels.begin + i]);
    sink(labelled_image(raw_image("image " + std::to_string(i), height, width, 1,
                                  images.bytes.substr(images.begin + i * size, size)),
                        std::to_string(label), static_cast<int64_t>(i) + 1));
  }
}

}  // namespace adaptune
