#include "golden_tensors.h"

#include <torch/torch.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace adaptune {

using torch::Tensor;

GoldenTensors::GoldenTensors(TensorMap tensors, double forward, double gradient)
    : tensors_(std::move(tensors)), forward_(forward), gradient_(gradient) {}

Tensor GoldenTensors::input(const std::string& name) {
  used_.insert(name);
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? Tensor() : found->second;
}

std::vector<std::string> GoldenTensors::names_after(const std::string& start) const {
  std::vector<std::string> rests;
  for (const auto& [name, tensor] : tensors_) {
    if (name.rfind(start, 0) == 0) rests.push_back(name.substr(start.size()));
  }
  return rests;
}

double GoldenTensors::largest_value(const std::string& name) const {
  const Tensor& golden = tensors_.at(name);
  return golden.numel() == 0 ? 0 : golden.abs().max().item<double>();
}

void GoldenTensors::compare_forward(const std::string& name, const Tensor& got) {
  if (has(name)) compare_within(name, got, forward_ * std::max(1.0, largest_value(name)));
}

void GoldenTensors::compare_gradient(const std::string& name, const Tensor& got) {
  if (has(name)) compare_within(name, got, gradient_ * std::max(0.01, largest_value(name)));
}

void GoldenTensors::compare_within(const std::string& name, const Tensor& got, double allowed) {
  if (!has(name)) return;
  used_.insert(name);
  ++report_.compared;
  const Tensor& golden = tensors_.at(name);
  std::ostringstream problem;
  if (!got.defined() || got.sizes() != golden.sizes()) {
    problem << name << ": ";
    got.defined() ? problem << got.sizes() : problem << "nothing";
    problem << " instead of " << golden.sizes();
    return add_problem(problem.str());
  }
  const double error =
      golden.numel() == 0
          ? 0
          : (got.detach().cpu().to(torch::kFloat64) - golden.to(torch::kFloat64)).abs().max().item<double>();
  const double share = error / allowed;
  if (!(share <= report_.largest)) {
    report_.largest = share;
    report_.at = name;
  }
  if (!(share <= 1)) {
    problem << name << ": off by " << error << ", allowed " << allowed;
    add_problem(problem.str());
  }
}

GoldenReport GoldenTensors::report() const {
  GoldenReport report = report_;
  for (const auto& [name, tensor] : tensors_) {
    if (!used_.count(name)) report.problems.push_back(name + ": not compared");
  }
  if (report.compared == 0) report.problems.push_back("nothing was compared");
  return report;
}

}  // namespace adaptune
