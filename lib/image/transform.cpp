#include "image/transform.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

using nlohmann::json;

constexpr const char* kFile = "preprocessor_config.json";

std::array<double, 3> three(const json& config, const char* key, std::array<double, 3> otherwise) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? otherwise : found->get<std::array<double, 3>>();
}

// Of which processor of Hugging Face the file is; older files name it otherwise.
bool is_of(const json& config, const std::string& name) {
  return config.value("image_processor_type", config.value("feature_extractor_type", "")).starts_with(name);
}

// {height, width}, or a number, which some processors mean as the shorter side.
std::optional<ImageSize> exact_size(const json& size) {
  if (size.is_number_integer()) return ImageSize{size, size};
  if (size.is_object() && size.contains("height")) return ImageSize{size.at("height"), size.at("width")};
  return std::nullopt;
}

std::optional<int64_t> shortest_edge(const json& config, const json& size) {
  if (size.is_object() && size.contains("shortest_edge")) return size["shortest_edge"].get<int64_t>();
  const bool means_it = is_of(config, "ConvNext") || is_of(config, "CLIP") || is_of(config, "Bit");
  return size.is_number_integer() && means_it ? std::optional(size.get<int64_t>()) : std::nullopt;
}

// ConvNeXt's processor: below 384 pixels the shorter side is resized so that the crop is its `crop_pct`.
void read_shortest_edge(const json& config, int64_t edge, ImageTransform& transform) {
  if (!is_of(config, "ConvNext")) {
    transform.shortest_edge = edge;
  } else if (edge < 384) {
    const json share = config.value("crop_pct", json());
    transform.shortest_edge = static_cast<int64_t>(static_cast<double>(edge) /
                                                   (share.is_number() ? share.get<double>() : 224.0 / 256));
    transform.crop = ImageSize{edge, edge};
  } else {
    transform.resize = ImageSize{edge, edge};
  }
}

ImageTransform transform_of(const json& config) {
  ImageTransform transform;
  const json size = config.value("size", json());
  if (config.value("do_resize", true)) {
    if (const auto edge = shortest_edge(config, size)) {
      read_shortest_edge(config, *edge, transform);
    } else {
      transform.resize = exact_size(size);
    }
  }
  if (config.value("do_center_crop", false)) transform.crop = exact_size(config.at("crop_size"));
  const int resample = config.value("resample", 2);
  if (resample != 0 && resample != 2 && resample != 3)
    throw InputError("resample " + std::to_string(resample) +
                     " is not supported; 0, 2 (bilinear) and 3 (bicubic) are");
  transform.resampling = static_cast<Resampling>(resample);
  transform.rescale = config.value("do_rescale", true) ? config.value("rescale_factor", 1.0 / 255) : 1.0;
  if (config.value("do_normalize", true)) {
    transform.mean = three(config, "image_mean", {0.5, 0.5, 0.5});
    transform.deviation = three(config, "image_std", {0.5, 0.5, 0.5});
  }
  return transform;
}

Image with_shortest_edge(const Image& image, int64_t edge, Resampling resampling) {
  const int64_t shorter = std::min(image.height, image.width), longer = std::max(image.height, image.width);
  const int64_t other = edge * longer / shorter;
  const bool tall = image.height > image.width;
  return resized(image, tall ? other : edge, tall ? edge : other, resampling);
}

}  // namespace

std::optional<ImageTransform> read_preprocessor_config(const std::filesystem::path& model) {
  const auto file = model / kFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    return transform_of(json::parse(read_file(file)));
  } catch (const json::exception& error) {
    throw InputError(file.string() + ": " + error.what());
  } catch (const InputError& error) {
    throw InputError(file.string() + ": " + error.what());
  }
}

std::string preprocessor_config(const ImageTransform& transform) {
  nlohmann::ordered_json config = {
      {"image_processor_type", transform.shortest_edge ? "CLIPImageProcessor" : "ViTImageProcessor"},
      {"do_resize", transform.resize || transform.shortest_edge}};
  if (transform.resize)
    config["size"] = {{"height", transform.resize->height}, {"width", transform.resize->width}};
  if (transform.shortest_edge) config["size"] = {{"shortest_edge", *transform.shortest_edge}};
  config["resample"] = static_cast<int>(transform.resampling);
  config["do_center_crop"] = transform.crop.has_value();
  if (transform.crop)
    config["crop_size"] = {{"height", transform.crop->height}, {"width", transform.crop->width}};
  config["do_rescale"] = true;
  config["rescale_factor"] = transform.rescale;
  config["do_normalize"] = true;
  config["image_mean"] = transform.mean;
  config["image_std"] = transform.deviation;
  return config.dump(2) + "\n";
}

Image ImageTransform::prepared(const Image& image) const {
  if (resize) return resized(image, resize->height, resize->width, resampling);
  return shortest_edge ? with_shortest_edge(image, *shortest_edge, resampling) : image;
}

ImageView centre_view(const ImageTransform& transform, const Image& prepared) {
  if (!transform.crop) return {};
  const auto begin = [](int64_t whole, int64_t part) {
    return whole >= part ? (whole - part) / 2 : -((part - whole + 1) / 2);
  };
  return {begin(prepared.height, transform.crop->height), begin(prepared.width, transform.crop->width),
          false};
}

void write_pixels(const ImageTransform& transform, const Image& prepared, const ImageView& view,
                  float* pixels) {
  const auto& crop = transform.crop;
  Image image = crop ? cropped(prepared, view.top, view.left, crop->height, crop->width) : prepared;
  if (view.flipped) flip_horizontally(image);
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    const size_t channel = i % 3;
    const auto value = static_cast<float>(image.pixels[i] * transform.rescale);
    pixels[i] = (value - static_cast<float>(transform.mean[channel])) /
                static_cast<float>(transform.deviation[channel]);
  }
}

}  // namespace adaptune
