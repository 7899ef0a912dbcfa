#include "golden_domains.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "core/error.h"
#include "golden_case.h"
#include "golden_training.h"
#include "interop/json_fields.h"
#include "model/merge.h"
#include "nn/batch_norm.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using torch::Tensor;

// A domain of a case, or the network as it is trained whole.
struct Domain {
  std::string prefix;  // of its golden tensors: "d1/"
  fs::path model, file;
  std::string method, classifier;
  std::vector<std::string> adapted;  // names of convolutions
};

bool ends_with_count(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

class DomainNetwork {
 public:
  explicit DomainNetwork(const Domain& domain) : backbone_(load_backbone(domain.model, torch::kCPU)) {
    attachment_ = std::make_shared<TaskAdapter>(spec_of(domain), *backbone_);
    name_adapters();
    name_overrides(domain);
    load(domain);
    for (auto& [name, tensor] : named_) {
      if (!name.ends_with("running_mean") && !name.ends_with("running_var")) tensor.set_requires_grad(true);
    }
    attachment_->attach();
    set_training(false);
  }
  ~DomainNetwork() { attachment_->detach(); }
  DomainNetwork(const DomainNetwork&) = delete;
  DomainNetwork& operator=(const DomainNetwork&) = delete;

  Features features(const Tensor& pixels) {
    Batch batch;
    batch.pixels = pixels;
    return backbone_->forward(batch, {.states = all_states(backbone_->info().layers)});
  }
  Tensor logits(const Features& features) const { return at::linear(features.first, weight_, bias_); }
  void set_training(bool on) {
    attachment_->train(on);
    backbone_->set_training(on);
  }
  // Into the backbone's own tensors.
  void merge() {
    attachment_->detach();
    merge_into(*attachment_, *backbone_);
  }
  // A convolution's "<name>.weight" or ".bias" with the norm behind it, after merge().
  Tensor folded(const std::string& name) {
    const auto dot = name.rfind('.');
    auto slots = backbone_->tensors();
    for (size_t i = 0; i + 4 < slots.size(); ++i) {
      if (slots[i].name != plain(name.substr(0, dot)) + ".weight") continue;
      BatchNorm norm;
      norm.weight = *slots[i + 1].tensor;
      norm.bias = *slots[i + 2].tensor;
      norm.running_mean = *slots[i + 3].tensor;
      norm.running_var = *slots[i + 4].tensor;
      const auto both = fold_norm(*slots[i].tensor, norm);
      return name.substr(dot) == ".weight" ? both.weight : both.bias;
    }
    return {};
  }
  // By the golden names, without the model's prefix.
  Tensor named(const std::string& name) const {
    const auto found = named_.find(plain(name));
    return found == named_.end() ? Tensor() : found->second;
  }
  std::vector<Tensor> trained() const {
    std::vector<Tensor> all;
    for (const auto& [name, tensor] : named_) {
      if (tensor.requires_grad()) all.push_back(tensor);
    }
    return all;
  }

 private:
  std::string plain(const std::string& name) const {
    const std::string prefix = backbone_->info().prefix + ".";
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  }

  AdapterSpec spec_of(const Domain& domain) const {
    if (domain.method.empty()) return adapter_spec("full");
    AdapterSpec spec = adapter_spec(domain.method);
    auto& places = std::get<ResidualConvolutionOptions>(spec.site).places;
    for (const Site* site : backbone_->sites()) {
      const auto is_site = [&](const auto& name) { return plain(name) == site->info().module; };
      if (std::any_of(domain.adapted.begin(), domain.adapted.end(), is_site))
        places.push_back(site->info().path());
    }
    return spec;
  }

  void name_adapters() {
    for (const auto& [site, adapter] : attachment_->site_adapters()) {
      static const std::map<std::string, std::string> names = {{"alpha", "alpha"},
                                                               {"norm_weight", "bn1.weight"},
                                                               {"norm_bias", "bn1.bias"},
                                                               {"norm_mean", "bn1.running_mean"},
                                                               {"norm_var", "bn1.running_var"}};
      const auto add = [&, &module = site->info().module](const auto& item) {
        named_[module + "." + names.at(item.key())] = item.value();
      };
      for (const auto& item : adapter->named_parameters()) add(item);
      for (const auto& item : adapter->named_buffers()) add(item);
    }
  }

  // A domain's norm has the name of the convolution in front of it.
  void name_overrides(const Domain& domain) {
    std::map<std::string, std::string> norms;  // our name by the checkpoint's
    const Site* convolution = nullptr;
    for (const Site* site : backbone_->sites()) {
      const auto& info = site->info();
      if (info.kind == SiteKind::kNorm) {
        const bool second = named_.count(convolution->info().module + ".bn1.weight") > 0;
        norms[info.module] = convolution->info().module + (second ? ".bn2" : ".bn");
      }
      convolution = site;
    }
    for (const auto& override : attachment_->overridden()) {
      std::string name = override.slot.name;
      const auto dot = name.rfind('.');
      const auto norm = norms.find(name.substr(0, dot));
      if (!domain.method.empty() && norm != norms.end()) name = norm->second + name.substr(dot);
      named_[name] = override.trained;
    }
  }

  void load(const Domain& domain) {
    const torch::NoGradGuard no_grad;
    TensorMap tensors = domain.file.empty() ? read_weights(domain.model) : read_safetensors(domain.file);
    std::string classifier = domain.classifier;
    for (const auto& [raw, tensor] : tensors) {
      const auto name = plain(raw);
      const auto own = named_.find(name);
      if (own != named_.end()) {
        own->second.copy_(tensor);
      } else if (classifier.empty() && tensor.dim() == 2) {
        classifier = name.substr(0, name.rfind('.'));
      } else if (!ends_with_count(name) && !domain.file.empty() && !name.starts_with(classifier)) {
        throw InputError("nothing is called '" + raw + "'");
      }
    }
    weight_ = named_[classifier + ".weight"] = tensors.at(classifier + ".weight").clone();
    bias_ = named_[classifier + ".bias"] = tensors.at(classifier + ".bias").clone();
  }

  std::unique_ptr<Backbone> backbone_;
  std::shared_ptr<TaskAdapter> attachment_;
  std::map<std::string, Tensor> named_;
  Tensor weight_, bias_;  // of the classifier
};

class DomainRun {
 public:
  DomainRun(const Domain& domain, GoldenTensors& golden) : domain_(domain), golden_(golden) {}

  void evaluation() {
    DomainNetwork network(domain_);
    const auto features = network.features(golden_.input(name("pixel_values")));
    for (const auto& [i, state] : features.states)
      golden_.compare_forward(name("hidden_states." + std::to_string(i)), state);
    const Tensor logits = network.logits(features);
    golden_.compare_forward(name("logits"), logits);
    const Tensor loss = at::cross_entropy_loss(logits, golden_.input(name("labels")));
    golden_.compare_forward(name("loss"), loss);
    loss.backward();
    compare_gradients(network, name("grad."));
  }

  // Batch after batch, without a step of an optimizer: the running statistics follow.
  void training() {
    DomainNetwork network(domain_);
    network.set_training(true);
    for (int i = 0; golden_.has(name("train.pixel_values." + std::to_string(i))); ++i) {
      const std::string number = std::to_string(i);
      const Tensor logits =
          network.logits(network.features(golden_.input(name("train.pixel_values." + number))));
      golden_.compare_forward(name("train.logits." + number), logits);
      const Tensor labels = golden_.input(name("train.labels." + number));
      if (!labels.defined()) continue;
      const Tensor loss = at::cross_entropy_loss(logits, labels);
      golden_.compare_forward(name("train.loss." + number), loss);
      if (i > 0) continue;
      loss.backward();
      compare_gradients(network, name("train.grad."));
    }
    const std::string start = name("train.after.");
    for (const auto& rest : golden_.names_after(start))
      golden_.compare_forward(start + rest, network.named(rest));
  }

  void folding() {
    if (!golden_.has(name("folded.logits"))) return;
    DomainNetwork network(domain_);
    const Tensor pixels = golden_.input(name("pixel_values"));
    network.merge();
    golden_.compare_forward(name("folded.logits"), network.logits(network.features(pixels)));
    const std::string start = name("folded.");
    for (const auto& rest : golden_.names_after(start)) {
      const Tensor folded = network.folded(rest);
      if (folded.defined()) golden_.compare_forward(start + rest, folded);
    }
  }

  void steps(const GoldenTrajectory& settings) {
    DomainNetwork network(domain_);
    const Tensor pixels = golden_.input(name("pixel_values")), labels = golden_.input(name("labels"));
    const auto loss_now = [&] {
      return at::cross_entropy_loss(network.logits(network.features(pixels)), labels);
    };
    train_and_compare(settings, network.trained(), loss_now, domain_.prefix, golden_);
    const std::string start = name("after.");
    for (const auto& rest : golden_.names_after(start))
      golden_.compare_within(start + rest, network.named(rest), settings.after_tolerance);
  }

 private:
  std::string name(const std::string& rest) const { return domain_.prefix + rest; }

  void compare_gradients(const DomainNetwork& network, const std::string& start) {
    for (const auto& rest : golden_.names_after(start)) {
      const Tensor parameter = network.named(rest);
      if (parameter.defined()) golden_.compare_gradient(start + rest, parameter.grad());
    }
  }

  const Domain& domain_;
  GoldenTensors& golden_;
};

std::vector<Domain> domains_of(const json& description, const fs::path& folder) {
  const fs::path model = folder / description.at("model").get<std::string>();
  std::vector<Domain> domains;
  for (const json& entry : description.at("adapters")) {
    domains.push_back({entry.at("name").get<std::string>() + "/", model,
                       folder / entry.at("path").get<std::string>() / "adapter.safetensors",
                       entry.at("method"), entry.at("classifier"), entry.at("adapted")});
  }
  if (domains.empty()) domains.push_back({"", model, "", "", "", {}});
  return domains;
}

}  // namespace

GoldenReport run_golden_domains(const fs::path& folder) {
  const json description = read_json_file((folder / "case.json").string());
  const json& tolerance = description.at("tolerance");
  GoldenTensors golden(read_safetensors(folder / description.at("golden").get<std::string>()),
                       tolerance.at("forward"), tolerance.at("grad"));
  for (const auto& domain : domains_of(description, folder)) {
    DomainRun run(domain, golden);
    run.evaluation();
    run.training();
    run.folding();
    const auto trajectory = description.find(domain.prefix + "trajectory");
    if (trajectory != description.end()) run.steps(read_trajectory(*trajectory));
  }
  return golden.report();
}

}  // namespace adaptune
