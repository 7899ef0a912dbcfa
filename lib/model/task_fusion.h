#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapter/fusion.h"
#include "model/task_adapter.h"

namespace adaptune {

// By a site's path: the members, by index, that a pruned fusion still has there. All where a site is missing.
using KeptMembers = std::map<std::string, std::vector<int64_t>>;

// A fusion at every site where members have bottlenecks, or a combination of knowledge adapters beside the
// backbone. The members are borrowed and frozen.
class TaskFusion final : public Attachment {
 public:
  struct FusedSite {
    Site* site;
    std::shared_ptr<Fusion> fusion;
    std::vector<int64_t> members;  // by index among those of the constructor
  };

  // ValueError at `fusion.drop.layers` or `fusion.adapters` where nothing would be fused.
  TaskFusion(const FusionOptions& options, const std::vector<std::shared_ptr<TaskAdapter>>& members,
             Backbone& backbone);
  SiteAdapters site_adapters() const override;
  // Prunes. InputError for a site that is not fused or does not have these members.
  void keep(const KeptMembers& kept);
  torch::Tensor regularization_loss() const override;
  // The value matrices do not: they are drawn to the identity, not to zero.
  bool decays(const torch::Tensor& parameter) const override;
  void keep_state(bool on) override;
  void train(bool on = true) override;
  const std::vector<FusedSite>& fusions() const { return fusions_; }
  // Of knowledge adapters; null: of bottlenecks, at sites.
  Combination* combination() const { return knowledge_ ? &knowledge_->combination() : nullptr; }
  int64_t member_parameters() const;

 private:
  void fuse_sites(const FusionOptions& options, Backbone& backbone);
  void combine(const FusionOptions& options, Backbone& backbone);

  std::vector<std::shared_ptr<TaskAdapter>> members_;
  std::vector<FusedSite> fusions_;
};

}  // namespace adaptune
