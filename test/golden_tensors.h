#pragma once
// The tensors a case expects. Each must be used: as an input, or compared. What is left over is a failure.

#include <torch/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "io/tensor_file.h"

namespace adaptune {

// How a case went.
struct GoldenReport {
  int64_t compared = 0;
  double largest = 0;                 // error as a share of what is allowed
  std::string at;                     // where the largest error is
  std::vector<std::string> problems;  // differences beyond the tolerance, and what was not used
};

class GoldenTensors {
 public:
  // Tolerances as in case.json: forward values relative to max(1, max|golden|), gradients to
  // max(0.01, max|golden|).
  GoldenTensors(TensorMap tensors, double forward, double gradient);

  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  // An input; undefined when the case has none of this name.
  torch::Tensor input(const std::string& name);
  // The rest of each name that starts with `start`.
  std::vector<std::string> names_after(const std::string& start) const;

  // Compare, where the case has a tensor of this name.
  void compare_forward(const std::string& name, const torch::Tensor& got);
  void compare_gradient(const std::string& name, const torch::Tensor& got);
  void compare_within(const std::string& name, const torch::Tensor& got, double allowed);
  // The case says that this value is rounding noise.
  void leave_out(const std::string& name) { used_.insert(name); }
  void add_problem(const std::string& problem) { report_.problems.push_back(problem); }

  // With every tensor that was not used as a problem.
  GoldenReport report() const;

 private:
  double largest_value(const std::string& name) const;

  TensorMap tensors_;
  double forward_, gradient_;
  std::set<std::string> used_;
  GoldenReport report_;
};

}  // namespace adaptune
