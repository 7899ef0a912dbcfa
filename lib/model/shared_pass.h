#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"
#include "model/task_adapter.h"

namespace adaptune {

// Several tasks over one input in one pass, Rücklé et al. 2021, section 3.3: the network is computed once up
// to where the first tasks differ, then for each that differs and once for all others, the tasks' adapters as
// batched products. The results are those of separate passes.
class SharedPass {
 public:
  struct Task {
    std::shared_ptr<Attachment> attachment;
    std::shared_ptr<Head> head;
  };

  // Attached from construction to destruction; the backbone must outlive it and carry nothing else meanwhile.
  // TORCH_CHECKs that can_share() holds for all.
  SharedPass(Backbone& backbone, std::vector<Task> tasks);
  ~SharedPass();
  SharedPass(const SharedPass&) = delete;
  SharedPass& operator=(const SharedPass&) = delete;

  // Whether a task may take part: it owns no matrix of the backbone.
  static bool can_share(const Attachment& attachment);

  // How many rows of an input to compute at once where a task alone would compute `rows`: each is computed
  // once a task, and memory is not to grow with their number.
  static int64_t rows_at_once(int64_t rows, size_t tasks);

  // Everything that any head reads, [C, N, D] from where the tasks differ.
  Features features(const Batch& batch);
  // One task's part of them.
  Features features_of(const Features& features, size_t task) const;
  // By task, as TaskModel's.
  std::vector<torch::Tensor> logits(const Batch& batch);
  bool needs_padding() const;
  void eval();

 private:
  void find_order();
  void stack_adapters();
  void stack_tensors();
  int64_t count_at(int64_t place) const;

  Backbone& backbone_;
  std::vector<Task> tasks_;
  std::vector<Site*> sites_;    // in the order in which they run
  std::vector<int64_t> first_;  // by task: index of the first site where it differs from the backbone
  std::vector<size_t> order_;   // tasks by `first_`: copy c is that of task order_[c]
  std::vector<Site*> attached_;
  std::vector<std::pair<torch::Tensor*, torch::Tensor>> originals_;
};

}  // namespace adaptune
