#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recipe/console.h"

namespace adaptune {

// `adaptune init resnet26|vit`: a model folder with random weights, to be pretrained with `adapter: full`.
struct NetworkFlags {
  std::string name;
  int64_t width = 0;  // resnet26: channels behind the stem; vit: hidden size; 0: as published, or 192
  std::vector<int64_t> blocks;  // resnet26: of each stage; vit: layers; empty: 4,4,4 and 6
  int64_t seed = 42;
  std::string output;
};

// Whether it is the name of such a network: ResNet-26 of Rebuffi et al. 2017 for any images, or a small
// Vision Transformer for images of 32 x 32 pixels in patches of 4 x 4.
bool is_network(const std::string& name);
std::vector<std::string> network_names();

// UsageError when the folder exists.
int init_network(const NetworkFlags& flags, Console& console);

}  // namespace adaptune
