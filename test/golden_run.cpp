#include "golden_run.h"

#include <torch/torch.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "golden_case.h"
#include "golden_network.h"
#include "golden_training.h"

namespace adaptune {
namespace {

using torch::Tensor;

// 0.01 sum ||I - V||^2 as the library computes it: over layers without adapters too, and whatever the flag
// `regularization` says.
Tensor library_regularization(const ImportedFusion& fusion) {
  const auto penalty = [](const Tensor& value) {
    return 0.01 * (at::eye(value.size(0), value.options()) - value).square().sum();
  };
  const auto is_value = [](const std::string& key) { return key.find(".value.weight") != std::string::npos; };
  Tensor loss = fusion.fusion->regularization_loss();
  const bool switched_off = !loss.defined();
  for (const auto& own : fusion.parameters) {
    if (!switched_off || !is_value(own.key)) continue;
    loss = loss.defined() ? loss + penalty(own.parameter) : penalty(own.parameter);
  }
  for (const auto& [key, tensor] : fusion.unused) {
    if (is_value(key)) loss = loss + penalty(tensor);
  }
  return loss;
}

// One setting of a case while it runs.
class Run {
 public:
  Run(const GoldenSetting& setting, GoldenTensors& golden)
      : setting_(setting), golden_(golden), network_(setting) {
    batch_.pixels = golden.input("pixel_values");
    if (!batch_.pixels.defined()) read_tokens(golden);
    batch_.labels = golden.input("labels");
    if (batch_.labels.defined() && network_.on_every_token()) batch_.labels = batch_.labels.flatten();
    loss_weight_ = golden.input("loss_weight");
  }

  void all() {
    const Tensor loss = compare_outputs();
    compare_regularization();
    if (loss.defined() && loss.requires_grad()) {
      loss.backward();
      compare_gradients();
    }
    second_forward();
    without_adapters();
    if (setting_.trajectory) train(*setting_.trajectory);
  }

 private:
  void read_tokens(GoldenTensors& golden) {
    const Tensor ids = golden.input("input_ids"), types = golden.input("token_type_ids");  // [B, T]
    batch_.tokens = masked_tokens(golden.input("attention_mask"), ids.size(0), ids.size(1));
    batch_.input_ids = ids.flatten();
    if (types.defined()) batch_.token_type_ids = types.flatten();
  }

  std::string name(const std::string& rest) const { return setting_.prefix + rest; }

  // [N, ..] or copies of it -> [B, T, ..], copy behind copy, as golden values are stored
  Tensor stored(const Tensor& value) const {
    if (!value.defined()) return value;
    return value.reshape({-1, value.size(-2) / batch_.size(), value.size(-1)});
  }
  Tensor stored_logits(const Tensor& logits) const {
    return network_.on_every_token() ? stored(logits) : logits;
  }
  // "logits", or of several heads "logits.1"
  std::string of_head(const std::string& what, size_t i, size_t count) const {
    return count == 1 ? what : what + "." + std::to_string(i);
  }

  void compare_logits(const std::string& start, const std::vector<Tensor>& logits) {
    for (size_t i = 0; i < logits.size(); ++i) {
      golden_.compare_forward(start + of_head("logits", i, logits.size()), stored_logits(logits[i]));
    }
  }

  // Undefined where the case has none; of several heads the sum.
  Tensor loss_of(const Features& features, const std::vector<Tensor>& logits) {
    if (setting_.loss != "head")
      return loss_weight_.defined() ? (stored(features.last) * loss_weight_).sum() : Tensor();
    if (logits.empty() || !batch_.labels.defined()) return Tensor();
    const auto losses = network_.head_losses(logits, batch_);
    if (losses.size() > 1) {
      for (size_t i = 0; i < losses.size(); ++i)
        golden_.compare_forward(name(of_head("loss", i, losses.size())), losses[i]);
    }
    return at::stack(losses).sum();
  }

  Tensor current_loss() {
    const auto features = network_.forward(batch_, false);
    return loss_of(features, network_.logits(features, batch_));
  }

  // The loss, undefined where the case has none.
  Tensor compare_outputs() {
    const auto features = network_.forward(batch_, golden_.has(name("pooler_output")));
    for (const auto& [i, state] : features.states)
      golden_.compare_forward(name("hidden_states." + std::to_string(i)), stored(state));
    golden_.compare_forward(name("last_hidden_state"), stored(features.last));
    golden_.compare_forward(name("pooler_output"), features.pooled);
    compare_attention();
    const auto logits = network_.logits(features, batch_);
    compare_logits(name(""), logits);
    const Tensor loss = loss_of(features, logits);
    if (loss.defined()) golden_.compare_forward(name("loss"), loss);
    return loss;
  }

  void compare_attention() {
    if (!network_.fusion()) return;
    for (const auto& [site, fusion, members] : network_.fusion()->fusion->fusions()) {
      const auto& info = site->info();
      const std::string slot = info.place == "attention.residual" ? "mh_adapter" : "output_adapter";
      golden_.compare_forward(
          name("fusion_attention." + network_.fusion()->name + "." + std::to_string(info.layer) + "." + slot),
          stored(fusion->last_attention()));
    }
  }

  void compare_regularization() {
    if (!network_.fusion()) return;
    const Tensor loss = library_regularization(*network_.fusion());
    if (!loss.defined()) return;
    golden_.compare_forward(name("regularization_loss"), loss);
    const std::string start = name("regularization_grad.");
    for (const auto& rest : golden_.names_after(start)) {
      const auto found = network_.trained().find(network_.plain_name(rest));
      if (found == network_.trained().end()) continue;
      const auto gradient =
          torch::autograd::grad({loss}, {found->second.parameter}, {}, /*retain_graph=*/true);
      golden_.compare_gradient(start + rest, gradient[0]);
    }
  }

  void compare_gradients() {
    const std::string start = name("grad.");
    for (const auto& rest : golden_.names_after(start)) {
      const auto found = network_.trained().find(network_.plain_name(rest));
      if (found == network_.trained().end()) continue;
      const Tensor& gradient = found->second.parameter.grad();
      golden_.compare_gradient(start + rest,
                               gradient.defined() ? gradient.reshape(found->second.shape) : gradient);
    }
  }

  // Without autograd, which is another algebra in a fusion. The values are those of the first pass, except
  // where a temperature falls.
  void second_forward() {
    const torch::NoGradGuard no_grad;
    const bool own_values = !golden_.names_after(name("second_forward.")).empty();
    if (!own_values && network_.fusion() && network_.fusion()->options.temperature) return;
    const std::string start = own_values ? name("second_forward.") : setting_.prefix;
    const auto features = network_.forward(batch_, false);
    golden_.compare_forward(start + "last_hidden_state", stored(features.last));
    compare_logits(start, network_.logits(features, batch_));
  }

  void without_adapters() {
    if (!golden_.has(name("logits_without_adapters"))) return;
    const torch::NoGradGuard no_grad;
    network_.detach();
    golden_.compare_forward(name("logits_without_adapters"),
                            network_.logits(network_.forward(batch_, false), batch_).at(0));
    network_.attach();
  }

  void train(const GoldenTrajectory& settings) {
    std::vector<Tensor> parameters;
    for (const auto& [key, own] : network_.trained()) parameters.push_back(own.parameter);
    train_and_compare(
        settings, parameters, [&] { return current_loss(); }, setting_.prefix, golden_);
    compare_after(settings);
  }

  void compare_after(const GoldenTrajectory& settings) {
    for (const auto& left_out : settings.not_to_compare) golden_.leave_out(setting_.prefix + left_out);
    const auto& noise = settings.not_to_compare;
    const std::string start = name("after.");
    for (const auto& rest : golden_.names_after(start)) {
      const auto found = network_.trained().find(network_.plain_name(rest));
      const bool skipped = std::find(noise.begin(), noise.end(), "after." + rest) != noise.end();
      if (skipped || found == network_.trained().end()) continue;
      golden_.compare_within(start + rest, found->second.parameter.reshape(found->second.shape),
                             settings.after_tolerance);
    }
  }

  const GoldenSetting& setting_;
  GoldenTensors& golden_;
  GoldenNetwork network_;
  Batch batch_;
  Tensor loss_weight_;
};

}  // namespace

GoldenReport run_golden_case(const std::filesystem::path& folder) {
  const auto description = read_golden_case(folder);
  GoldenTensors golden(read_safetensors(description.golden), description.forward_tolerance,
                       description.gradient_tolerance);
  for (const auto& setting : description.settings) Run(setting, golden).all();
  return golden.report();
}

}  // namespace adaptune
