#include "nn/activation.h"

#include <torch/torch.h>

#include <cmath>
#include <map>

#include "core/error.h"

namespace adaptune {
namespace {

using torch::Tensor;

// Each of several operations would round what it gives: at least float32 between them.
Tensor widened(const Tensor& x) { return x.to(at::promote_types(x.scalar_type(), torch::kFloat32)); }

Tensor quick_gelu(const Tensor& x) {
  const Tensor y = widened(x);
  return (y * at::sigmoid(1.702 * y)).to(x.scalar_type());
}

Tensor laplace(const Tensor& x) {
  const Tensor y = widened(x);
  return (0.5 * (1 + at::erf((y - 0.707107) / (0.282095 * std::sqrt(2.0))))).to(x.scalar_type());
}

const std::map<std::string, Activation>& table() {
  static const Activation gelu = [](const Tensor& x) { return at::gelu(x); };
  static const Activation gelu_tanh = [](const Tensor& x) { return at::gelu(x, "tanh"); };
  static const Activation silu = [](const Tensor& x) { return at::silu(x); };
  static const Activation leaky = [](const Tensor& x) { return at::leaky_relu(x, 0.01); };
  static const std::map<std::string, Activation> entries = {
      {"relu", [](const Tensor& x) { return at::relu(x); }},
      {"relu6", [](const Tensor& x) { return at::clamp(x, 0, 6); }},
      {"relu2", [](const Tensor& x) { return at::square(at::relu(x)); }},
      {"tanh", [](const Tensor& x) { return at::tanh(x); }},
      {"sigmoid", [](const Tensor& x) { return at::sigmoid(x); }},
      {"linear", [](const Tensor& x) { return x; }},
      {"swish", silu},
      {"silu", silu},
      {"gelu", gelu},
      {"gelu_python", gelu},
      {"gelu_new", gelu_tanh},
      {"gelu_accurate", gelu_tanh},
      {"gelu_pytorch_tanh", gelu_tanh},
      {"gelu_python_tanh", gelu_tanh},
      {"gelu_fast", gelu_tanh},
      {"quick_gelu", quick_gelu},
      {"gelu_10", [](const Tensor& x) { return at::clamp(at::gelu(x), -10, 10); }},
      {"leakyrelu", leaky},
      {"leaky_relu", leaky},
      {"mish", [](const Tensor& x) { return at::mish(x); }},
      {"laplace", laplace},
  };
  return entries;
}

}  // namespace

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const auto& [name, function] : table()) names.push_back(name);
  return names;
}

Activation activation_by_name(const std::string& name) {
  const auto found = table().find(name);
  if (found != table().end()) return found->second;
  std::string known;
  for (const auto& entry : table()) known += " " + entry.first;
  throw InputError("activation '" + name + "' is not known; known:" + known);
}

}  // namespace adaptune
