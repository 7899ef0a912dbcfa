// Every row of the method table on a backbone: what it must leave alone, and that it learns.

#include <torch/torch.h>

#include <map>
#include <set>
#include <string>

#include "adapter/method.h"
#include "backbone/backbone.h"
#include "catch.h"
#include "core/sha256.h"
#include "head/head.h"
#include "model/task_adapter.h"

namespace adaptune {
namespace {

const char* const kModel = FIXTURES "/models/bert";

Batch sample_batch() {
  Batch batch;
  batch.tokens = packed_tokens({9, 9, 6, 5, 9, 9}, torch::kCPU);
  batch.input_ids = torch::randint(5, 100, {batch.tokens.size()}, torch::kInt64);
  batch.labels = torch::tensor({0, 1, 2, 0, 1, 2});
  return batch;
}

std::string digest(const torch::Tensor& tensor) {
  const auto bytes = tensor.detach().contiguous();
  return sha256_hex(std::string(static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()));
}

std::map<std::string, std::string> digests(Backbone& backbone) {
  std::map<std::string, std::string> all;
  for (const auto& slot : backbone.tensors()) all[slot.name] = digest(*slot.tensor);
  return all;
}

AdapterSpec spec_of(const std::string& method) {
  AdapterSpec spec = adapter_spec(method);
  if (spec.override == Override::kTopLayers) spec.layers = {1, 2};
  return spec;
}

// Its parameters, moved away from where they start; without dropout.
std::vector<torch::Tensor> disturbed(TaskAdapter& adapter) {
  adapter.eval();
  const auto parameters = adapter.parameters();
  for (auto parameter : parameters) parameter.detach().add_(at::randn_like(parameter), 0.05);
  return parameters;
}

torch::Tensor last_of(Backbone& backbone, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  return backbone.forward(batch, {}).last;
}

// What a head reads.
Features features_of(Backbone& backbone, const TaskAdapter& adapter, const Batch& batch,
                     const Wanted& wanted) {
  return adapter.read(backbone.forward(batch, adapter.wanted(wanted)), batch, wanted);
}

// Loss of the head before each of a few steps.
std::vector<double> losses_of(Backbone& backbone, TaskAdapter& adapter, Head& head, const Batch& batch) {
  adapter.eval();
  head.eval();
  std::vector<torch::Tensor> parameters = adapter.parameters();
  for (const auto& parameter : head.parameters()) parameters.push_back(parameter);
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(5e-3));
  std::vector<double> losses;
  for (int step = 0; step < 6; ++step) {
    optimizer.zero_grad();
    const auto loss =
        head.loss(head.forward(features_of(backbone, adapter, batch, head.wanted()), batch), batch);
    const auto mean = loss.sum / loss.count;
    losses.push_back(mean.item<double>());
    mean.backward();
    optimizer.step();
  }
  return losses;
}

// Those that find something to adapt in BERT.
std::vector<AdapterMethod> text_methods() {
  std::vector<AdapterMethod> methods;
  for (const auto& method : adapter_methods()) {
    const bool images = std::holds_alternative<ResidualConvolutionOptions>(method.site) ||
                        method.override == Override::kBatchNorm;
    if (!images) methods.push_back(method);
  }
  return methods;
}

}  // namespace

TEST_CASE("every method learns and leaves the backbone bitwise as it was", "[model]") {
  torch::manual_seed(1);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto batch = sample_batch();
  const auto before = digests(*backbone);
  const auto output = last_of(*backbone, batch);
  HeadSpec head_spec;
  head_spec.labels = {"a", "b", "c"};
  for (const auto& method : text_methods()) {
    INFO(method.name);
    TaskAdapter adapter(spec_of(method.name), *backbone);
    const auto head = make_head(head_spec, backbone->info());
    adapter.attach();
    const auto losses = losses_of(*backbone, adapter, *head, batch);
    CHECK(losses.back() < losses.front());
    const bool adapts = parameter_count(adapter) > 0 && !adapter.knowledge_adapter();
    CHECK(at::equal(last_of(*backbone, batch), output) != adapts);
    adapter.detach();
    CHECK(digests(*backbone) == before);
    CHECK(at::equal(last_of(*backbone, batch), output));
  }
}

TEST_CASE("a head that reads token 0 alone sees and teaches the same", "[model]") {
  torch::manual_seed(4);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto batch = sample_batch();
  for (const auto& method : text_methods()) {
    INFO(method.name);
    TaskAdapter adapter(spec_of(method.name), *backbone);
    const auto parameters = disturbed(adapter);
    adapter.attach();
    const auto run = [&](bool every_token) {
      const auto features = features_of(*backbone, adapter, batch, {.every_token = every_token});
      CHECK(features.last.defined() == every_token);
      const auto token = features.first;
      auto gradients = parameters.empty()
                           ? std::vector<torch::Tensor>{}
                           : torch::autograd::grad({token.square().sum()}, parameters, {}, {}, false, true);
      gradients.push_back(token.detach());
      return gradients;
    };
    const auto whole = run(true), first = run(false);
    for (size_t i = 0; i < whole.size(); ++i) {
      REQUIRE(whole[i].defined() == first[i].defined());
      if (whole[i].defined()) CHECK(at::allclose(whole[i], first[i], 1e-4, 1e-5));
    }
    adapter.detach();
  }
}

// The same examples, each padded to the longest.
Batch padded(const Batch& packed) {
  std::vector<int64_t> lengths;
  for (const auto& sequence : packed.tokens.sequences) lengths.push_back(sequence.keys);
  Batch batch = packed;
  batch.tokens = padded_tokens(lengths, torch::kCPU);
  batch.input_ids = torch::zeros({batch.tokens.size()}, torch::kInt64);
  for (int64_t b = 0; b < packed.size(); ++b) {
    batch.tokens.of(batch.input_ids, b).copy_(packed.tokens.of(packed.input_ids, b));
  }
  return batch;
}

TEST_CASE("packed tokens give the outputs and gradients of padded ones", "[model]") {
  torch::manual_seed(5);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto packed = sample_batch();
  const auto weight = at::randn({packed.tokens.size(), backbone->info().hidden_size});
  for (const auto& method : text_methods()) {
    INFO(method.name);
    TaskAdapter adapter(spec_of(method.name), *backbone);
    const auto parameters = disturbed(adapter);
    adapter.attach();
    // The real tokens of each example, then the gradients.
    const auto run = [&](const Batch& batch) {
      const auto last = features_of(*backbone, adapter, batch, {}).last;
      torch::Tensor loss = at::zeros({});
      std::vector<torch::Tensor> values;
      for (int64_t b = 0; b < batch.size(); ++b) {
        values.push_back(batch.tokens.of(last, b));
        loss = loss + (values.back() * packed.tokens.of(weight, b)).sum();
      }
      if (parameters.empty()) return values;
      const auto gradients = torch::autograd::grad({loss}, parameters, {}, {}, false, true);
      values.insert(values.end(), gradients.begin(), gradients.end());
      return values;
    };
    const auto ours = run(packed), theirs = run(padded(packed));
    for (size_t i = 0; i < ours.size(); ++i) {
      REQUIRE(ours[i].defined() == theirs[i].defined());
      if (ours[i].defined()) CHECK(at::allclose(ours[i], theirs[i], 1e-5, 1e-5));
    }
    adapter.detach();
  }
}

TEST_CASE("methods that start as the identity leave the output unchanged", "[model]") {
  torch::manual_seed(2);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto batch = sample_batch();
  const auto output = last_of(*backbone, batch);
  const std::set<std::string> random_starts = {"pfeiffer", "houlsby", "seq_bn", "double_seq_bn",
                                               "full_random"};
  for (const auto& method : text_methods()) {
    INFO(method.name);
    TaskAdapter adapter(spec_of(method.name), *backbone);
    adapter.attach();
    const double change = (last_of(*backbone, batch) - output).abs().max().item<double>();
    // Weights that train are not packed for the fast kernels, so the last bits may differ.
    if (random_starts.count(method.name)) {
      CHECK(change > 1e-6);
    } else {
      CHECK(change < 1e-5);
    }
  }
}

TEST_CASE("layers below the first are left without adapters", "[model]") {
  torch::manual_seed(3);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto batch = sample_batch();
  TaskAdapter adapter(adapter_spec("double_seq_bn"), *backbone);
  const auto states = [&](int64_t dropped) {
    const torch::NoGradGuard no_grad;
    adapter.attach(lowest_layers(dropped));
    const auto features = backbone->forward(batch, {.states = all_states(backbone->info().layers)});
    adapter.detach();
    return features.states;
  };
  const auto plain = states(backbone->info().layers), dropped = states(2);
  CHECK(at::equal(dropped.at(2), plain.at(2)));
  CHECK_FALSE(at::equal(dropped.at(3), plain.at(3)));
  CHECK(at::equal(plain.at(3), last_of(*backbone, batch)));
}

TEST_CASE("layers may share one adapter", "[model]") {
  const auto backbone = load_backbone(kModel, torch::kCPU);
  AdapterSpec spec = adapter_spec("double_seq_bn");
  const TaskAdapter each(spec, *backbone);
  spec.share_across_layers = true;
  TaskAdapter shared(spec, *backbone);
  CHECK(shared.site_adapters().size() == each.site_adapters().size());
  CHECK(parameter_count(shared) * backbone->info().layers == parameter_count(each));
  std::set<std::string> names;
  for (const auto& item : shared.named_parameters()) names.insert(item.key().substr(0, item.key().find('.')));
  CHECK(names == std::set<std::string>{"encoder/shared/attention/residual", "encoder/shared/ffn/residual"});

  // As three adapters with the same weights.
  const torch::NoGradGuard no_grad;
  TaskAdapter copies(adapter_spec("double_seq_bn"), *backbone);
  for (size_t i = 0; i < copies.site_adapters().size(); ++i) {
    load_parameters(*copies.site_adapters()[i].second, parameter_map(*shared.site_adapters()[i].second), "");
  }
  const Batch batch = sample_batch();
  const auto output = [&](Attachment& attachment) {
    attachment.eval();
    attachment.attach();
    const auto last = backbone->forward(batch, {}).last;
    attachment.detach();
    return last;
  };
  CHECK(at::equal(output(shared), output(copies)));
}

TEST_CASE("init_weights_seed alone decides what an adapter starts from", "[model]") {
  const auto backbone = load_backbone(kModel, torch::kCPU);
  // The digests of all tensors, drawn while the generator stands at `seed`, as training sets it.
  const auto start = [&](const std::string& method, const std::string& own_seed, uint64_t seed) {
    auto document = ConfigDocument::parse("adapter: {config: " + method + own_seed + "}");
    AdapterSpec spec;
    read_adapter_spec(document.root(), "adapter", spec);
    document.finish();
    torch::manual_seed(seed);
    std::map<std::string, std::string> all;
    for (const auto& [name, tensor] : parameter_map(TaskAdapter(spec, *backbone))) all[name] = digest(tensor);
    return all;
  };
  for (const std::string method : {"pfeiffer", "houlsby", "parallel", "lora"}) {
    INFO(method);
    const auto seven = start(method, ", init_weights_seed: 7", 1);
    CHECK(seven == start(method, ", init_weights_seed: 7", 2));
    CHECK(seven != start(method, ", init_weights_seed: 8", 1));
    CHECK(start(method, "", 1) != start(method, "", 2));
  }
}

TEST_CASE("places may be given for single sites", "[model]") {
  const auto backbone = load_backbone(kModel, torch::kCPU);
  AdapterSpec spec = adapter_spec("lora");
  std::get<LoraOptions>(spec.site).places = {"encoder/0/ffn/output", "attention.key"};
  const TaskAdapter adapter(spec, *backbone);
  std::set<std::string> paths;
  for (const auto& [site, own] : adapter.site_adapters()) paths.insert(site->info().path());
  CHECK(paths == std::set<std::string>{"encoder/0/attention/key", "encoder/1/attention/key",
                                       "encoder/2/attention/key", "encoder/0/ffn/output"});
  std::get<LoraOptions>(spec.site).places = {"encoder/9/ffn/output"};
  CHECK_THROWS_WITH(TaskAdapter(spec, *backbone), Catch::Contains("no place 'encoder/9/ffn/output'"));
}

}  // namespace adaptune
