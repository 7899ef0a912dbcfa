#pragma once
// case.json of the kinds with a network: adapterhub, peft, hf.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace adaptune {

struct GoldenTrajectory {
  double lr = 0, weight_decay = 0, beta1 = 0, beta2 = 0, eps = 0;
  int64_t steps = 0;
  double losses_tolerance = 0, after_tolerance = 0;
  std::vector<std::string> not_to_compare;  // whole names: "after.x"
};

// An adapter, fusion or head of a case.
struct GoldenPart {
  std::string name;  // what setup and head call it
  std::filesystem::path path;
};

// One setting of a case: the case itself, a variant, or a set of skipped layers.
struct GoldenSetting {
  std::string prefix;  // of its golden tensors: "v03.", empty for the case itself
  std::string kind;
  std::filesystem::path model;
  std::vector<GoldenPart> adapters, fusions, heads;
  std::vector<std::string> members;  // names of the active adapters; empty: none
  bool fuses = false;                // the members are fused
  bool parallel = false;             // each runs on a copy of the input
  std::vector<std::string> head;     // their names; of several, one a member
  std::vector<int64_t> skip_layers;
  std::string train, loss;
  std::optional<GoldenTrajectory> trajectory;
};

struct GoldenCase {
  std::filesystem::path golden;
  double forward_tolerance = 0, gradient_tolerance = 0;
  std::vector<GoldenSetting> settings;
};

// The key `trajectory` of a case.
GoldenTrajectory read_trajectory(const nlohmann::json& given);

// InputError for what the runner does not know: keys, compositions, losses.
GoldenCase read_golden_case(const std::filesystem::path& folder);

}  // namespace adaptune
