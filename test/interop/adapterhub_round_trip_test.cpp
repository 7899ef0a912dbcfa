// What we write is what AdapterHub's library wrote: the same JSON, byte by byte, and the same tensors.

#include <torch/torch.h>

#include <map>
#include <regex>

#include "backbone/backbone.h"
#include "interop/adapterhub_reader.h"
#include "interop/adapterhub_writer.h"
#include "interop/golden_folders.h"
#include "io/temporary_folder.h"
#include "io/tensor_file.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

TensorMap tensors_in(const fs::path& folder, const std::string& pickle, const std::string& safetensors) {
  return read_tensor_file(fs::exists(folder / pickle) ? folder / pickle : folder / safetensors);
}

std::string difference(const TensorMap& got, const TensorMap& expected) {
  for (const auto& [name, tensor] : expected) {
    const auto found = got.find(name);
    if (found == got.end()) return "missing " + name;
    if (!at::equal(found->second, tensor.to(torch::kFloat32))) return "different " + name;
  }
  return got.size() == expected.size() ? "" : "surplus tensors";
}

AdapterHubExport export_of(const fs::path& config, bool safetensors) {
  const auto file = json_of(config);
  return {file.at("name"), file.at("model_name"), safetensors};
}

// Backbones by folder: loading is most of the time.
Backbone& backbone_of(const fs::path& model) {
  static std::map<fs::path, std::unique_ptr<Backbone>> loaded;
  auto& backbone = loaded[fs::weakly_canonical(model)];
  if (!backbone) backbone = load_backbone(model, torch::kCPU);
  return *backbone;
}

// The base class writes names without the model's prefix and its own class; we always write both the other
// way.
bool saved_from_base_class(const fs::path& config) {
  return json_of(config).at("model_class") == "BertModel";
}

// Whatever class a fusion was saved from: AdapterModel is what we write.
std::string with_adapter_model(const std::string& config) {
  return std::regex_replace(config, std::regex("(\"model_class\": \"[A-Za-z]+)For[A-Za-z]+"),
                            "$1AdapterModel");
}

}  // namespace

TEST_CASE("adapters are written as AdapterHub writes them", "[interop]") {
  const auto folders = golden_folders("adapter_config.json");
  REQUIRE(folders.size() > 20);
  for (const auto& [folder, model] : folders) {
    INFO(folder.string());
    const auto config = folder / "adapter_config.json";
    if (saved_from_base_class(config) || json_of(config).at("model_class") != "BertAdapterModel") continue;
    const auto imported = read_adapterhub_adapter(folder, backbone_of(model));
    for (const bool safetensors : {false, true}) {
      const TemporaryFolder out;
      write_adapterhub_adapter(out.path(), export_of(config, safetensors), imported.spec, *imported.adapter,
                               backbone_of(model));
      CHECK(bytes_of(out.path() / "adapter_config.json") == bytes_of(config));
      CHECK(fs::exists(out.path() / (safetensors ? "adapter.safetensors" : "pytorch_adapter.bin")));
      CHECK(difference(tensors_in(out.path(), "pytorch_adapter.bin", "adapter.safetensors"),
                       tensors_in(folder, "pytorch_adapter.bin", "adapter.safetensors")) == "");
    }
  }
}

TEST_CASE("heads are written as AdapterHub writes them", "[interop]") {
  const auto folders = golden_folders("head_config.json");
  REQUIRE(folders.size() > 10);
  for (const auto& [folder, model] : folders) {
    INFO(folder.string());
    const auto config = folder / "head_config.json";
    if (json_of(config).at("name").is_null()) continue;
    const auto imported = read_adapterhub_head(folder, backbone_of(model).info());
    for (const bool safetensors : {false, true}) {
      const TemporaryFolder out;
      write_adapterhub_head(out.path(), export_of(config, safetensors), *imported.head,
                            backbone_of(model).info());
      CHECK(bytes_of(out.path() / "head_config.json") == bytes_of(config));
      CHECK(difference(tensors_in(out.path(), "pytorch_model_head.bin", "model_head.safetensors"),
                       tensors_in(folder, "pytorch_model_head.bin", "model_head.safetensors")) == "");
    }
  }
}

TEST_CASE("fusions are written as AdapterHub writes them", "[interop]") {
  const auto folders = golden_folders("adapter_fusion_config.json");
  REQUIRE(folders.size() > 5);
  for (const auto& [folder, model] : folders) {
    INFO(folder.string());
    const auto config = folder / "adapter_fusion_config.json";
    std::vector<ImportedAdapter> members;
    const auto names = json_of(config).at("adapter_names").get<std::vector<std::string>>();
    for (const auto& name : names) {
      members.push_back(read_adapterhub_adapter(folder.parent_path() / name, backbone_of(model)));
    }
    const auto imported = read_adapterhub_fusion(folder, members, backbone_of(model));
    const TemporaryFolder out;
    write_adapterhub_fusion(out.path(), export_of(config, false),
                            {imported.options, imported.adapter_names, imported.unused}, *imported.fusion,
                            backbone_of(model));
    CHECK(bytes_of(out.path() / "adapter_fusion_config.json") == with_adapter_model(bytes_of(config)));
    const auto got = read_tensor_file(out.path() / "pytorch_model_adapter_fusion.bin");
    const auto expected =
        tensors_in(folder, "pytorch_model_adapter_fusion.bin", "model_adapter_fusion.safetensors");
    CHECK(difference(got, expected) == "");
  }
}

TEST_CASE("an adapter saved from the base class is read without the model's prefix", "[interop]") {
  const fs::path folder = FIXTURES "/cases/bert_seq_bn_base_class/adapters/a";
  Backbone& backbone = backbone_of(FIXTURES "/models/bert");
  const auto imported = read_adapterhub_adapter(folder, backbone);
  const TemporaryFolder out;
  write_adapterhub_adapter(out.path(), {"a", "", false}, imported.spec, *imported.adapter, backbone);
  const auto written = read_tensor_file(out.path() / "pytorch_adapter.bin");
  for (const auto& [name, tensor] : read_tensor_file(folder / "pytorch_adapter.bin")) {
    CHECK(at::equal(written.at("bert." + name), tensor));
  }
}

TEST_CASE("half precision files are read as float32", "[interop]") {
  const fs::path folder = FIXTURES "/cases/bert_seq_bn/adapters/a";
  Backbone& backbone = backbone_of(FIXTURES "/models/bert");
  const TemporaryFolder copy;
  TensorMap halves;
  for (const auto& [name, tensor] : read_tensor_file(folder / "pytorch_adapter.bin")) {
    halves.emplace(name, tensor.to(torch::kFloat16));
  }
  write_safetensors(copy.path() / "adapter.safetensors", halves);
  fs::copy_file(folder / "adapter_config.json", copy.path() / "adapter_config.json");
  const auto imported = read_adapterhub_adapter(copy.path(), backbone);
  const auto& first = imported.parameters.front();
  CHECK(first.parameter.scalar_type() == torch::kFloat32);
  CHECK(at::equal(first.parameter, halves.at("bert." + first.key).to(torch::kFloat32)));
}

}  // namespace adaptune
