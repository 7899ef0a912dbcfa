// What the reader of AdapterHub folders refuses, and how it says so.

#include "interop/adapterhub_reader.h"

#include <torch/torch.h>

#include "catch.h"
#include "interop/adapterhub_legacy.h"
#include "interop/changed_folder.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kCases = FIXTURES "/cases";
const char* const kConfig = "adapter_config.json";
const char* const kWeights = "pytorch_adapter.bin";

Backbone& bert() {
  static const auto backbone = load_backbone(FIXTURES "/models/bert", torch::kCPU);
  return *backbone;
}

// The message when bert_seq_bn's adapter is read with one key of its `config` changed.
std::string error_with(const std::string& key, const json& value,
                       const fs::path& original = kCases / "bert_seq_bn/adapters/a") {
  const ChangedFolder folder(original);
  folder.set_config(kConfig, key, value);
  return input_error_of([&] { read_adapterhub_adapter(folder.path(), bert()); });
}

std::string error_of_file(const std::function<void(json&)>& change) {
  const ChangedFolder folder(kCases / "bert_seq_bn/adapters/a");
  folder.change_json(kConfig, change);
  return input_error_of([&] { read_adapterhub_adapter(folder.path(), bert()); });
}

std::string error_of_tensors(const std::function<void(TensorMap&)>& change) {
  const ChangedFolder folder(kCases / "bert_seq_bn/adapters/a");
  folder.change_tensors(kWeights, change);
  return input_error_of([&] { read_adapterhub_adapter(folder.path(), bert()); });
}

std::string head_error_with(const std::string& key, const json& value) {
  const ChangedFolder folder(kCases / "bert_head_only/heads/probe");
  folder.set_config("head_config.json", key, value);
  return input_error_of([&] { read_adapterhub_head(folder.path(), bert().info()); });
}

}  // namespace

TEST_CASE("methods that are not supported are named", "[interop]") {
  using Catch::Contains;
  CHECK_THAT(error_with("architecture", "prefix_tuning"),
             Contains(kConfig) && Contains("'architecture' is 'prefix_tuning'; supported are 'lora'"));
  CHECK_THAT(error_with("architecture", "bottleneck"), Contains("'architecture' is 'bottleneck'"));
  CHECK_THAT(error_with("phm_layer", true), Contains("'phm_layer' is true: Compacter is not supported"));
  CHECK_THAT(error_with("inv_adapter", "nice"),
             Contains("'inv_adapter'") && Contains("invertible adapters are not supported"));
  const auto lora = kCases / "bert_lora/adapters/a";
  CHECK_THAT(error_with("use_gating", true, lora), Contains("'use_gating' is true"));
  CHECK_THAT(error_with("use_dora", true, lora), Contains("'use_dora' is true"));
  CHECK_THAT(error_with("vera_d", 0.1, lora), Contains("'vera_d' is set"));
  CHECK_THAT(error_with("dtype", "float16", lora), Contains("'dtype' is 'float16'"));
  CHECK_THAT(error_with("attn_matrices", json{"q", "o"}, lora), Contains("'attn_matrices' holds 'o'"));
  CHECK_THAT(error_of_file([](json& file) { file["config"] = "prefix_tuning"; }),
             Contains("'prefix_tuning' is not supported; supported: double_seq_bn"));
}

TEST_CASE("wrong values in an adapter's configuration are named", "[interop]") {
  using Catch::Contains;
  CHECK_THAT(error_with("scaling", 4),
             Contains("'scaling' must be a number with a fraction (4.0)") && Contains("found 4"));
  CHECK_THAT(error_with("scaling", "wide"), Contains("'scaling'"));
  CHECK_THAT(error_with("reduction_factor", 0), Contains("'reduction_factor' must be a number above 0"));
  CHECK_THAT(error_with("reduction_factor", json{{"0", 2}}), Contains("neither layer 1 nor 'default'"));
  CHECK_THAT(error_with("leave_out", json{7}),
             Contains("'leave_out' names layer 7; this backbone has layers 0 to 2"));
  CHECK_THAT(error_with("leave_out", "all"), Contains("'leave_out' must be a list of whole numbers"));
  CHECK_THAT(error_with("non_linearity", "prelu"),
             Contains("'non_linearity' is 'prelu'") && Contains("relu"));
  CHECK_THAT(error_with("init_weights", "ones"), Contains("'init_weights' is 'ones'"));
  CHECK_THAT(error_with("dropout", 2.0), Contains("'dropout' must lie in [0, 1]"));
  CHECK_THAT(error_with("is_parallel", "yes"), Contains("'is_parallel' must be true or false"));
  CHECK_THAT(error_with("brand_new_switch", true), Contains("not supported: brand_new_switch=true"));
  CHECK(error_with("brand_new_switch", nullptr).empty());
  CHECK_THAT(error_of_file([](json& file) {
               file["config"]["residual_before_ln"] = "post_add";
               file["config"]["original_ln_before"] = false;
             }),
             Contains("which needs original_ln_before: true"));
  CHECK_THAT(error_of_file([](json& file) { file["config"].erase("non_linearity"); }),
             Contains("required keys are missing: non_linearity"));
  CHECK_THAT(error_of_file([](json& file) { file.erase("name"); }), Contains("'name' must be a text"));
}

TEST_CASE("every tensor that does not fit is named", "[interop]") {
  using Catch::Contains;
  const std::string up = "bert.encoder.layer.0.output.adapters.a.adapter_up.";
  const auto message = error_of_tensors([&](TensorMap& tensors) {
    tensors.erase(up + "weight");
    tensors[up + "wieght"] = at::zeros({3});
    tensors["bert.encoder.layer.1.output.adapters.a.adapter_up.bias"] = at::zeros({5});
  });
  CHECK_THAT(
      message,
      Contains(kWeights) && Contains("missing     " + up + "weight [32, 8]") &&
          Contains("unexpected  " + up + "wieght [3]") &&
          Contains("misshaped   bert.encoder.layer.1.output.adapters.a.adapter_up.bias: [32] expected, "
                   "the file has [5]"));
  CHECK_THAT(
      error_of_tensors([&](TensorMap& tensors) { tensors[up + "bias"] = at::zeros({32}, torch::kInt64); }),
      Contains("wrong type  " + up + "bias"));
}

TEST_CASE("an adapter of a model of another width is refused with both widths", "[interop]") {
  const auto tiny = load_backbone(FIXTURES "/models/bert_tiny", torch::kCPU);
  const auto message =
      input_error_of([&] { read_adapterhub_adapter(kCases / "bert_seq_bn/adapters/a", *tiny); });
  CHECK_THAT(message,
             Catch::Contains("misshaped") && Catch::Contains("its hidden_size is 32, this backbone's is 16"));
}

TEST_CASE("missing files are named", "[interop]") {
  const ChangedFolder folder(kCases / "bert_seq_bn/adapters/a");
  fs::remove(folder.path() / kWeights);
  CHECK_THAT(input_error_of([&] { read_adapterhub_adapter(folder.path(), bert()); }),
             Catch::Contains("holds neither pytorch_adapter.bin nor adapter.safetensors"));
  CHECK_FALSE(is_adapterhub_adapter(folder.path() / "nowhere"));
  CHECK(is_adapterhub_adapter(folder.path()));
}

TEST_CASE("the second copy that ln_before writes may be absent, not different", "[interop]") {
  const auto tiny = load_backbone(FIXTURES "/models/bert_tiny", torch::kCPU);
  const ChangedFolder folder(kCases / "bert_ln_variants/adapters/v04/a");
  const std::string copy = "bert.encoder.layer.1.output.adapters.a.adapter_down.0.weight";
  folder.change_tensors(kWeights, [&](TensorMap& tensors) { REQUIRE(tensors.erase(copy) == 1); });
  read_adapterhub_adapter(folder.path(), *tiny);
  folder.change_tensors(kWeights, [&](TensorMap& tensors) { tensors[copy] = at::full({16}, 7.0); });
  CHECK_THAT(input_error_of([&] { read_adapterhub_adapter(folder.path(), *tiny); }),
             Catch::Contains("ambiguous   " + copy));
}

TEST_CASE("heads that are not supported are refused", "[interop]") {
  using Catch::Contains;
  CHECK_THAT(
      head_error_with("head_type", "question_answering"),
      Contains("'head_type' is 'question_answering', which is not supported; supported: classification"));
  CHECK_THAT(head_error_with("layers", 0), Contains("'layers' must be at least 1"));
  CHECK_THAT(head_error_with("activation_function", "softest"),
             Contains("'activation_function' is 'softest'"));
  CHECK_THAT(head_error_with("label2id", json{{"yes", 0}, {"no", 0}, {"so", 2}}),
             Contains("'label2id' must map names to 0 .. 2"));
  CHECK_THAT(head_error_with("top_k", 3), Contains("not supported: top_k=3"));
  const ChangedFolder folder(kCases / "bert_head_only/heads/probe");
  folder.change_json("head_config.json", [](json& file) { file["model_class"] = "GPT2AdapterModel"; });
  CHECK_THAT(input_error_of([&] { read_adapterhub_head(folder.path(), bert().info()); }),
             Contains("'model_class' is 'GPT2AdapterModel'") && Contains("BertAdapterModel"));
}

TEST_CASE("a head's file may hold heads whose names start alike", "[interop]") {
  const ChangedFolder folder(kCases / "bert_head_only/heads/probe");
  folder.change_tensors("pytorch_model_head.bin",
                        [](TensorMap& tensors) { tensors["heads.probe2.1.weight"] = at::zeros({3}); });
  CHECK(read_adapterhub_head(folder.path(), bert().info()).name == "probe");
  folder.change_tensors("pytorch_model_head.bin",
                        [](TensorMap& tensors) { tensors["heads.other.1.weight"] = at::zeros({3}); });
  CHECK_THAT(input_error_of([&] { read_adapterhub_head(folder.path(), bert().info()); }),
             Catch::Contains("unexpected  heads.other.1.weight"));
}

TEST_CASE("a fusion needs its adapters", "[interop]") {
  using Catch::Contains;
  const auto folder = kCases / "bert_fuse2/adapters";
  std::vector<ImportedAdapter> members = {read_adapterhub_adapter(folder / "a", bert())};
  CHECK_THAT(input_error_of([&] { read_adapterhub_fusion(folder / "a,b", members, bert()); }),
             Contains("missing: b"));
  members.push_back(read_adapterhub_adapter(kCases / "bert_double_seq_bn/adapters/a", bert()));
  members.back().name = "b";
  CHECK_THAT(input_error_of([&] { read_adapterhub_fusion(folder / "a,b", members, bert()); }),
             Contains("differ in mh_adapter or output_adapter"));
  members.back() = read_adapterhub_adapter(kCases / "bert_lora/adapters/a", bert());
  members.back().name = "b";
  CHECK_THAT(input_error_of([&] { read_adapterhub_fusion(folder / "a,b", members, bert()); }),
             Contains("'b' is no bottleneck adapter"));
}

TEST_CASE("a fusion's configuration must hold all ten keys", "[interop]") {
  const auto cases = kCases / "bert_fuse2/adapters";
  const std::vector<ImportedAdapter> members = {read_adapterhub_adapter(cases / "a", bert()),
                                                read_adapterhub_adapter(cases / "b", bert())};
  const ChangedFolder folder(cases / "a,b");
  const std::string name = "adapter_fusion_config.json";
  folder.change_json(name, [](json& file) { file["config"].erase("temperature"); });
  CHECK_THAT(input_error_of([&] { read_adapterhub_fusion(folder.path(), members, bert()); }),
             Catch::Contains("required keys are missing: temperature"));
  folder.change_json(name, [](json& file) { file["config"] = "dynamic"; });
  CHECK(read_adapterhub_fusion(folder.path(), members, bert()).options.value);
}

TEST_CASE("a fusion without projections has a linear layer in its file that nothing reads", "[interop]") {
  const auto cases = kCases / "bert_fuse2/adapters";
  const std::vector<ImportedAdapter> members = {read_adapterhub_adapter(cases / "a", bert()),
                                                read_adapterhub_adapter(cases / "b", bert())};
  const ChangedFolder folder(cases / "a,b");
  folder.change_json("adapter_fusion_config.json", [](json& file) {
    for (const char* key : {"query", "key", "value"}) file["config"][key] = false;
  });
  folder.change_tensors("pytorch_model_adapter_fusion.bin", [](TensorMap& tensors) {
    tensors.clear();
    for (const char* layer : {"0", "1", "2"}) {
      const std::string start =
          std::string("bert.encoder.layer.") + layer + ".output.adapter_fusion_layer.a,b.dense.";
      tensors[start + "weight"] = at::ones({1, 32});
      tensors[start + "bias"] = at::ones({1});
    }
  });
  const auto imported = read_adapterhub_fusion(folder.path(), members, bert());
  CHECK(imported.parameters.empty());
  CHECK(imported.unused.size() == 6);
}

TEST_CASE("old files are mended as the library mends them", "[interop]") {
  json unversioned = {{"config", {{"non_linearity", "gelu"}}}};
  mend_legacy_config(unversioned, {});
  CHECK(unversioned["config"]["non_linearity"] == "gelu_new");
  json current = {{"config", {{"non_linearity", "gelu"}}}, {"version", "adapters.1.3.0"}};
  mend_legacy_config(current, {});
  CHECK(current["config"]["non_linearity"] == "gelu");
  for (const auto& [version, alpha] :
       {std::pair{"adapters.1.0.1", 4}, {"adapters.1.1.0", 16}, {"0.2.0", 16}}) {
    json lora = {{"config", {{"architecture", "lora"}, {"r", 4}, {"alpha", 16}}}, {"version", version}};
    mend_legacy_config(lora, {});
    CHECK(lora["config"]["alpha"] == alpha);
  }
  json inverted = {{"type", "text_task"},
                   {"config", {{"invertible_adapter", {{"block_type", "nice"}, {"reduction_factor", 2}}}}}};
  json kept = inverted;
  mend_legacy_config(inverted, {});
  CHECK(inverted["config"]["inv_adapter"].is_null());
  mend_legacy_config(kept, {{"bert.invertible_adapters.a.F.0.weight", at::zeros({1})}});
  CHECK(kept["config"]["inv_adapter"] == "nice");
  const auto names = mend_legacy_names(
      {{"bert.encoder.layer.0.output.layer_text_task_adapters.a.adapter_up.bias", at::zeros({1})},
       {"bert.encoder.layer.0.attention.output.attention_text_lang_adapters.a.adapter_up.bias",
        at::zeros({1})}});
  CHECK(names.count("bert.encoder.layer.0.output.adapters.a.adapter_up.bias") == 1);
  CHECK(names.count("bert.encoder.layer.0.attention.output.adapters.a.adapter_up.bias") == 1);
}

TEST_CASE("a configuration may be a preset's name", "[interop]") {
  const ChangedFolder folder(kCases / "bert_seq_bn/adapters/a");
  folder.change_json(kConfig, [](json& file) { file["config"] = "pfeiffer"; });
  const auto message = input_error_of([&] { read_adapterhub_adapter(folder.path(), bert()); });
  // Understood: only the width, 16 by default, is another one.
  CHECK_THAT(message, Catch::Contains("adapter_up.weight: [32, 2] expected, the file has [32, 8]"));
}

}  // namespace adaptune
