#include "model/task_directory.h"

#include <torch/torch.h>

#include <string>

#include "backbone/backbone.h"
#include "io/temporary_folder.h"
#include "model/task_description.h"

#include "catch.h"

namespace adaptune {
namespace {

// The shape of all-MiniLM-L6-v2.
constexpr const char* kMiniLm = R"({"model_type": "bert", "num_hidden_layers": 6, "hidden_size": 384,
  "num_attention_heads": 12, "intermediate_size": 1536, "max_position_embeddings": 512,
  "vocab_size": 30522, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu"})";

}  // namespace

TEST_CASE("the folder of a pfeiffer adapter for MiniLM stays below 2 MB") {
  const TemporaryFolder folder;
  folder.write("config.json", kMiniLm);
  const auto backbone = describe_backbone(folder.path());
  TaskDescription description;
  description.name = "topic";
  description.backbone = {"bert", backbone->info().layers, backbone->info().hidden_size, "MiniLM", "none"};
  description.adapter = adapter_spec("pfeiffer");
  description.head.labels = {"a", "b"};
  description.metrics = {"accuracy"};
  const TaskAdapter adapter(description.adapter, *backbone);
  REQUIRE(describe(description.adapter, backbone->info().layers) == "pfeiffer r=16, layers 0-5");
  const auto head = make_head(description.head, backbone->info());
  const auto out = folder.path() / "adapter";
  const int64_t bytes = write_task_directory(out, description, adapter, *head);
  CHECK(is_task_directory(out));
  CHECK(bytes > 4 * (parameter_count(adapter) + parameter_count(*head)));
  CHECK(bytes < 2'000'000);

  const auto loaded = load_task_directory(out, *backbone, torch::kCPU);
  const auto written = owned_tensors(adapter, *head), read = owned_tensors(*loaded.adapter, *loaded.head);
  REQUIRE(read.size() == written.size());
  for (const auto& [name, tensor] : written) CHECK(at::equal(read.at(name), tensor));
}

}  // namespace adaptune
