#include "train/generator_state.h"

#include <torch/torch.h>

#include <mutex>

#include "core/error.h"

namespace adaptune {
namespace {

// Names of states with their generators.
std::vector<std::pair<std::string, at::Generator>> generators(torch::Device device) {
  std::vector<std::pair<std::string, at::Generator>> all = {{"cpu", at::detail::getDefaultCPUGenerator()}};
  if (!device.is_cpu()) all.emplace_back("cuda", at::globalContext().defaultGenerator(device));
  return all;
}

}  // namespace

TensorMap generator_state(torch::Device device) {
  TensorMap states;
  for (auto& [name, generator] : generators(device)) {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    states.emplace(name, generator.get_state());
  }
  return states;
}

void set_generator_state(const TensorMap& states, torch::Device device, const std::string& where) {
  for (auto& [name, generator] : generators(device)) {
    const auto found = states.find(name);
    if (found == states.end() && name != "cpu") continue;
    if (found == states.end()) throw InputError(where + ": holds no state of the '" + name + "' generator");
    try {
      const std::lock_guard<std::mutex> lock(generator.mutex());
      generator.set_state(found->second.clone());
    } catch (const c10::Error&) {
      throw InputError(where + ": the state of the '" + name + "' generator is damaged");
    }
  }
}

}  // namespace adaptune
