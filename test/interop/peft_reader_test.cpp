#include "interop/peft_reader.h"

#include <torch/torch.h>

#include <set>

#include "catch.h"
#include "interop/changed_folder.h"
#include "interop/static_head.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kCases = FIXTURES "/cases";
const char* const kConfig = "adapter_config.json";

Backbone& bert() {
  static const auto backbone = load_backbone(FIXTURES "/models/bert_seqcls", torch::kCPU);
  return *backbone;
}

std::string error_with(const std::string& key, const json& value) {
  const ChangedFolder folder(kCases / "peft_lora/adapters/default");
  folder.change_json(kConfig, [&](json& file) { file[key] = value; });
  return input_error_of([&] { read_peft_adapter(folder.path(), bert()); });
}

std::set<std::string> sites_of(const ImportedAdapter& imported) {
  std::set<std::string> paths;
  for (const auto& [site, own] : imported.adapter->site_adapters()) paths.insert(site->info().path());
  return paths;
}

}  // namespace

TEST_CASE("a PEFT folder is told from AdapterHub's", "[interop]") {
  CHECK(is_peft_adapter(kCases / "peft_lora/adapters/default"));
  CHECK_FALSE(is_peft_adapter(kCases / "bert_lora/adapters/a"));
  CHECK_FALSE(is_peft_adapter(kCases / "nowhere"));
}

TEST_CASE("PEFT's target modules become places", "[interop]") {
  const auto lora = read_peft_adapter(kCases / "peft_lora/adapters/default", bert());
  CHECK(lora.name == "default");
  CHECK(std::get<LoraOptions>(lora.spec.site).places ==
        std::vector<std::string>{"attention.query", "attention.value"});
  CHECK_FALSE(lora.spec.layers);
  REQUIRE(lora.head);
  CHECK(lora.head->head->spec().labels.size() == 3);
  const auto ia3 = read_peft_adapter(kCases / "peft_ia3/adapters/default", bert());
  const auto& options = std::get<Ia3Options>(ia3.spec.site);
  CHECK(options.feedforward_places == std::vector<std::string>{"attention.output", "ffn.output"});
}

TEST_CASE("layers and patterns select single sites", "[interop]") {
  const ChangedFolder folder(kCases / "peft_lora/adapters/default");
  const std::string start = "base_model.model.bert.encoder.layer.";
  folder.change_json(
      kConfig, [](json& file) { file["target_modules"] = R"(.*layer\.0\..*query|.*layer\.2\..*value)"; });
  folder.change_tensors("adapter_model.safetensors", [&](TensorMap& tensors) {
    for (const char* module : {"0.attention.self.value", "1.attention.self.value", "1.attention.self.query",
                               "2.attention.self.query"}) {
      for (const char* part : {".lora_A.weight", ".lora_B.weight"})
        REQUIRE(tensors.erase(start + module + part) == 1);
    }
  });
  const auto imported = read_peft_adapter(folder.path(), bert());
  CHECK(sites_of(imported) ==
        std::set<std::string>{"encoder/0/attention/query", "encoder/2/attention/value"});
}

TEST_CASE("PEFT options that are not supported are named", "[interop]") {
  using Catch::Contains;
  CHECK_THAT(error_with("peft_type", "PREFIX_TUNING"),
             Contains("'peft_type' is 'PREFIX_TUNING'") && Contains("LORA IA3"));
  CHECK_THAT(error_with("use_dora", true), Contains("DoRA is not supported"));
  CHECK_THAT(error_with("bias", "all"), Contains("'bias' is 'all'"));
  CHECK_THAT(error_with("rank_pattern", json{{"query", 2}}), Contains("'rank_pattern' is set"));
  CHECK_THAT(error_with("init_lora_weights", "pissa"), Contains("changes the base model's weights"));
  CHECK_THAT(error_with("trainable_token_indices", json{1, 2}),
             Contains("not supported: trainable_token_indices=[1,2]"));
  CHECK_THAT(error_with("target_modules", json{"q_proj"}), Contains("matches no linear layer"));
  CHECK_THAT(error_with("target_modules", "(query"), Contains("no regular expression"));
  CHECK_THAT(error_with("target_modules", nullptr), Contains("'target_modules' is missing"));
  CHECK_THAT(
      error_with("target_modules", json{"query", "key"}),
      Contains(
          "missing     base_model.model.bert.encoder.layer.0.attention.self.key.lora_A.weight [4, 32]") &&
          Contains("unexpected  base_model.model.bert.encoder.layer.0.attention.self.value.lora_A.weight"));
}

TEST_CASE("rank-stabilised LoRA scales by the root of the rank", "[interop]") {
  const ChangedFolder folder(kCases / "peft_lora/adapters/default");
  folder.change_json(kConfig, [](json& file) { file["use_rslora"] = true; });
  const auto imported = read_peft_adapter(folder.path(), bert());
  const auto& options = std::get<LoraOptions>(imported.spec.site);
  CHECK(options.alpha / options.r == Approx(16 / 2.0));
}

TEST_CASE("a checkpoint's own head is read by its class", "[interop]") {
  const auto head = read_checkpoint_head(FIXTURES "/models/bert_seqcls", bert().info());
  REQUIRE(head);
  CHECK(head->description.spec.use_pooler);
  CHECK(head->description.spec.type == "classification");
  CHECK_FALSE(read_checkpoint_head(FIXTURES "/models/bert", bert().info()));
  CHECK_THAT(input_error_of([] {
               static_head("BertForQuestionAnswering", {"a", "b"}, bert().info());
             }),
             Catch::Contains(
                 "'BertForQuestionAnswering' is not supported; supported: BertForSequenceClassification"));
}

}  // namespace adaptune
