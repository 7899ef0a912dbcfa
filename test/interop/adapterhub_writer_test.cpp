#include "interop/adapterhub_writer.h"

#include <torch/torch.h>

#include "catch.h"
#include "core/error.h"
#include "interop/adapterhub_config.h"
#include "interop/adapterhub_reader.h"
#include "interop/golden_folders.h"
#include "io/temporary_folder.h"
#include "io/tensor_file.h"

namespace adaptune {
namespace {

Backbone& bert() {
  static const auto backbone = load_backbone(FIXTURES "/models/bert", torch::kCPU);
  return *backbone;
}

nlohmann::json config_of(const AdapterSpec& spec) { return adapterhub_config(spec, bert().info()); }

}  // namespace

TEST_CASE("what AdapterHub cannot express is refused with the remedy", "[interop]") {
  CHECK_THROWS_WITH(config_of(adapter_spec("houlsby")),
                    Catch::Contains("train with `train_layernorm: false`"));
  CHECK_THROWS_WITH(config_of(adapter_spec("bitfit")),
                    Catch::Contains("'bitfit' trains tensors of the backbone"));
  CHECK_THROWS_WITH(config_of(adapter_spec("head_only")), Catch::Contains("its head alone"));
  AdapterSpec lora = adapter_spec("lora");
  std::get<LoraOptions>(lora.site).places = {"attention.query", "attention.output"};
  CHECK_THROWS_WITH(config_of(lora), Catch::Contains("cannot adapt the place 'attention.output'"));
  AdapterSpec ia3 = adapter_spec("ia3");
  std::get<Ia3Options>(ia3.site).feedforward_places = {"ffn.output"};
  CHECK_THROWS_WITH(config_of(ia3), Catch::Contains("scales outputs only"));
  const TemporaryFolder out;
  const TaskAdapter adapter(adapter_spec("seq_bn"), bert());
  CHECK_THROWS_WITH(
      write_adapterhub_adapter(out.path(), {"a.b", "", false}, adapter_spec("seq_bn"), adapter, bert()),
      Catch::Contains("'a.b' cannot name an AdapterHub object"));
}

TEST_CASE("a width of its own becomes a reduction factor that gives it", "[interop]") {
  for (const int64_t size : {1, 3, 5, 16, 31, 32, 48, 64}) {
    AdapterSpec spec = adapter_spec("seq_bn");
    std::get<BottleneckOptions>(spec.site).bottleneck_size = size;
    BottleneckOptions read;
    read.reduction_factor = {{"default", config_of(spec)["reduction_factor"]}};
    CHECK(bottleneck_width(read, 0, bert().info().hidden_size) == size);
  }
}

TEST_CASE("layers become leave_out, places the library's matrices", "[interop]") {
  AdapterSpec spec = adapter_spec("lora");
  spec.layers = std::vector<int64_t>{1};
  std::get<LoraOptions>(spec.site).places = {"attention.key", "ffn.output"};
  const auto config = config_of(spec);
  CHECK(config["leave_out"] == nlohmann::json{0, 2});
  CHECK(config["attn_matrices"] == nlohmann::json{"k"});
  CHECK(config["output_lora"] == true);
  CHECK(config["intermediate_lora"] == false);
  CHECK(config["selfattn_lora"] == true);
}

TEST_CASE("every adapter method that AdapterHub has survives writing and reading", "[interop]") {
  torch::manual_seed(1);
  for (const char* method :
       {"pfeiffer", "parallel", "seq_bn", "double_seq_bn", "par_bn", "scaled_par_bn", "lora", "ia3"}) {
    INFO(method);
    AdapterSpec spec = adapter_spec(method);
    const TaskAdapter adapter(spec, bert());
    for (auto& parameter : adapter.parameters()) {
      const torch::NoGradGuard no_grad;
      parameter.normal_();
    }
    const TemporaryFolder out;
    write_adapterhub_adapter(out.path() / "deep/folder", {"task", "", false}, spec, adapter, bert());
    const auto read = read_adapterhub_adapter(out.path() / "deep/folder", bert());
    CHECK(config_of(read.spec) == config_of(spec));
    const auto written = parameter_map(adapter), back = parameter_map(*read.adapter);
    REQUIRE(written.size() == back.size());
    for (const auto& [name, tensor] : written) CHECK(at::equal(back.at(name), tensor));
  }
}

TEST_CASE("a fusion over left-out layers writes what the library expects of every layer", "[interop]") {
  torch::manual_seed(2);
  AdapterSpec spec = adapter_spec("seq_bn");
  spec.leave_out = {2};
  const std::vector<std::shared_ptr<TaskAdapter>> members = {std::make_shared<TaskAdapter>(spec, bert()),
                                                             std::make_shared<TaskAdapter>(spec, bert())};
  const TaskFusion fusion({}, members, bert());
  const TemporaryFolder out;
  write_adapterhub_fusion(out.path(), {"a,b", "", true}, {{}, {"a", "b"}}, fusion, bert());
  const auto tensors = read_tensor_file(out.path() / "model_adapter_fusion.safetensors");
  CHECK(tensors.size() == 3 * 5);
  const auto value = tensors.at("bert.encoder.layer.2.output.adapter_fusion_layer.a,b.value.weight");
  CHECK(value[0][0].item<double>() == 1);
}

}  // namespace adaptune
