#include "golden_images.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "image/transform.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

constexpr double kJpegLevels = 2;  // by which decoders differ
constexpr double kExact = 0.5;     // of whole numbers

Tensor as_tensor(const Image& image) {
  auto pixels = torch::empty({image.height, image.width, 3}, torch::kUInt8);
  std::copy(image.pixels.begin(), image.pixels.end(), pixels.data_ptr<uint8_t>());
  return pixels;
}

Image as_image(const Tensor& pixels) {
  const Tensor own = pixels.contiguous();
  const auto* begin = own.data_ptr<uint8_t>();
  return {own.size(0), own.size(1), std::vector<uint8_t>(begin, begin + own.numel())};
}

void compare_decoded(const fs::path& folder, const std::string& name, GoldenTensors& golden) {
  const Tensor got = as_tensor(decode_image(read_file(folder / name), name)).to(torch::kFloat32);
  const double allowed = name.ends_with(".jpg") ? kJpegLevels : kExact;
  golden.compare_within("decoded_rgb." + name, got, allowed);
  // As it was before it became RGB: grey, or with alpha behind.
  const Tensor whole = golden.input("decoded." + name);
  if (whole.dim() == 2) golden.compare_within("decoded." + name, got.select(2, 0), allowed);
  if (whole.dim() == 3)
    golden.compare_within("decoded." + name, at::cat({got, whole.narrow(2, 3, whole.size(2) - 3)}, 2),
                          allowed);
}

void compare_processed(const fs::path& processor, const std::string& image, GoldenTensors& golden) {
  const auto transform = read_preprocessor_config(processor);
  if (!transform) throw InputError(processor.string() + ": no preprocessor_config.json");
  const Image prepared = transform->prepared(as_image(golden.input("decoded_rgb." + image)));
  const std::string name = processor.filename().string() + "." + image;
  golden.compare_within("resized." + name, as_tensor(prepared).to(torch::kFloat32), kExact);
  const auto size = transform->size().value_or(ImageSize{prepared.height, prepared.width});
  Tensor pixels = torch::empty({size.height, size.width, 3});
  write_pixels(*transform, prepared, centre_view(*transform, prepared), pixels.data_ptr<float>());
  golden.compare_forward("pixel_values." + name, pixels.permute({2, 0, 1}));
}

}  // namespace

GoldenReport run_golden_images(const fs::path& folder) {
  const auto description = read_json_file((folder / "case.json").string());
  const double forward = description.at("tolerance").at("forward");
  GoldenTensors golden(read_safetensors(folder / description.at("golden").get<std::string>()), forward,
                       forward);
  for (const auto& [image, facts] : description.at("images").items()) {
    compare_decoded(folder, image, golden);
    for (const auto& [processor, settings] : description.at("processors").items())
      compare_processed(folder / "processors" / processor, image, golden);
  }
  return golden.report();
}

}  // namespace adaptune
