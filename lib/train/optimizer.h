#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/tensor_file.h"
#include "model/task_model.h"
#include "train/train_options.h"
#include "train/update_rule.h"

namespace adaptune {

struct ParameterGroup {
  std::vector<std::pair<std::string, torch::Tensor>> parameters;
  double weight_decay = 0;
};

// What the model trains, with the decay of its part: that of attachments, of heads, or none for vectors
// (biases, norms) and for what the attachment exempts.
std::vector<ParameterGroup> parameter_groups(const TaskModel& model, const TrainOptions& options);

// Parameters with the state of their update rule.
class Optimizer {
 public:
  Optimizer(std::unique_ptr<UpdateRule> rule, const std::vector<ParameterGroup>& groups);

  // Updates every parameter that has a gradient.
  void step(double learning_rate);
  // Gradients become undefined.
  void clear_gradients();

  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  // Names of parameters without a gradient.
  std::vector<std::string> without_gradient() const;

  // "exp_avg.<parameter>", "step.<parameter>", ...: views, on the parameters' device.
  TensorMap state() const;
  // Copies a state() in. InputError naming tensors that are missing, unexpected or misshaped.
  void load_state(const TensorMap& tensors, const std::string& where);

 private:
  struct Slot {
    std::string name;
    torch::Tensor parameter, step;
    std::vector<torch::Tensor> moments;
  };
  struct Group {
    std::vector<Slot> slots;
    double weight_decay;
  };
  static UpdateTensors with_gradients(const Group& group, size_t moment_count);

  std::unique_ptr<UpdateRule> rule_;
  std::vector<std::string> moment_names_;
  std::vector<Group> groups_;
  std::vector<torch::Tensor> parameters_;
};

}  // namespace adaptune
