#include "recipe/inspect.h"

#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/thousands.h"
#include "io/tensor_file.h"
#include "model/backbone_identity.h"
#include "model/task_directory.h"
#include "recipe/run_config.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// What a path is: the tensors in it and the files that explain them.
struct Contents {
  fs::path folder;
  std::string what;  // "adapter", "backbone", ...
  TensorMap tensors;
  std::vector<fs::path> texts;         // shown as they are
  std::vector<fs::path> descriptions;  // for programs
  ordered_json facts = ordered_json::object();
};

// `start` is put before their names.
void add_tensor_files(const fs::path& folder, Contents& contents, const std::string& start = "") {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto ending = entry.path().extension();
    if (ending != ".safetensors" && ending != ".bin" && ending != ".pt") continue;
    const std::string prefix = start + entry.path().stem().string() + ": ";
    for (auto& [name, tensor] : read_tensor_file(entry.path()))
      contents.tensors.emplace(prefix + name, tensor);
  }
}

std::vector<fs::path> files_in(const fs::path& folder, const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const auto& name : names) {
    if (fs::exists(folder / name)) files.push_back(folder / name);
  }
  return files;
}

void add_texts(const fs::path& folder, const std::vector<std::string>& names, Contents& contents) {
  contents.texts = contents.descriptions = files_in(folder, names);
}

const std::vector<std::string>& library_files() {
  static const std::vector<std::string> names = {"adapter_config.json", "adapter_fusion_config.json",
                                                 "head_config.json"};
  return names;
}

// The parts of a setup that AdapterHub's library saved: adapters, fusions and heads, in a folder each.
std::vector<fs::path> library_parts(const fs::path& folder) {
  std::vector<fs::path> parts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool is_part = std::any_of(library_files().begin(), library_files().end(), [&](const auto& name) {
      std::error_code ignored;
      return fs::is_regular_file(entry.path() / name, ignored);
    });
    if (is_part) parts.push_back(entry.path());
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

void add_library_parts(const std::vector<fs::path>& parts, Contents& contents) {
  contents.what = "folder of AdapterHub or PEFT folders";
  add_texts(contents.folder, {"adapter_setup.json"}, contents);
  for (const auto& part : parts) {
    for (const auto& file : files_in(part, library_files())) {
      contents.texts.push_back(file);
      contents.descriptions.push_back(file);
    }
    add_tensor_files(part, contents, part.filename().string() + "/");
  }
}

Contents folder_contents(const fs::path& folder) {
  Contents contents;
  contents.folder = folder;
  if (is_task_directory(folder) || is_fusion_directory(folder)) {
    contents.what = is_task_directory(folder) ? "adapter" : "fusion";
    add_texts(folder, {"adapter.yaml", "fusion.yaml"}, contents);
    add_tensor_files(folder, contents);
  } else if (fs::exists(folder / "state.json")) {
    contents.what = "checkpoint";
    add_texts(folder, {"state.json"}, contents);
    add_tensor_files(folder, contents);
  } else if (fs::exists(folder / "status.json")) {
    contents.what = "run";
    contents.texts = files_in(folder, {"config.yaml", "status.json", "results.md"});
    contents.descriptions = files_in(folder, {"config.yaml", "status.json", "results.json"});
  } else if (!files_in(folder, library_files()).empty()) {
    contents.what = "AdapterHub or PEFT folder";
    add_texts(folder, library_files(), contents);
    add_tensor_files(folder, contents);
  } else if (fs::exists(folder / "config.json")) {
    contents.what = "backbone";
    contents.descriptions = files_in(folder, {"config.json"});
    const auto identity = identify_backbone(folder);
    contents.facts = {{"family", identity.family},
                      {"layers", identity.layers},
                      {"hidden_size", identity.hidden_size},
                      {"fingerprint", identity.fingerprint}};
    contents.tensors = read_weights(folder);
  } else if (const auto parts = library_parts(folder); !parts.empty()) {
    add_library_parts(parts, contents);
  } else {
    throw InputError(fs::absolute(folder).string() + ": not a backbone, adapter, fusion, checkpoint or run");
  }
  return contents;
}

Contents contents_of(const fs::path& path) {
  if (fs::is_directory(path)) return folder_contents(path);
  if (!fs::exists(path)) throw InputError(fs::absolute(path).string() + ": no such file or folder");
  Contents contents;
  contents.what = "tensor file";
  contents.tensors = read_tensor_file(path);
  return contents;
}

std::string shape(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

std::string as_text(const Contents& contents, const std::string& path) {
  std::string text = path + ": " + contents.what + "\n";
  for (const auto& [name, fact] : contents.facts.items())
    text += "  " + name + "  " + (fact.is_string() ? fact.get<std::string>() : fact.dump()) + "\n";
  for (const auto& file : contents.texts)
    text += "\n" + file.lexically_relative(contents.folder).string() + "\n" + read_file(file);
  if (contents.tensors.empty()) return text;
  Table table({{"tensor"}, {"type"}, {"shape"}, {"numbers", Align::kRight}});
  int64_t total = 0;
  for (const auto& [name, tensor] : contents.tensors) {
    table.add_row(
        {name, std::string(c10::toString(tensor.scalar_type())), shape(tensor), thousands(tensor.numel())});
    total += tensor.numel();
  }
  return text + "\n" + table.text() + "\n  " + thousands(total) + " numbers in " +
         std::to_string(contents.tensors.size()) + " tensors\n";
}

// The configuration of a run with its types. What is wrong in it by now, such as a folder that has moved, is
// no matter here.
ordered_json run_configuration(const fs::path& file) {
  auto document = ConfigDocument::load(file.string());
  read_run_config(document.root());
  return document.resolved_json();
}

ordered_json adapter_description(const fs::path& file) {
  return task_description_json(load_task_description(file));
}

ordered_json fusion_description(const fs::path& file) {
  return fusion_description_json(load_fusion_description(file));
}

ordered_json json_file(const fs::path& file) {
  auto json = ordered_json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) throw InputError(fs::absolute(file).string() + ": is no JSON");
  return json;
}

ordered_json description(const fs::path& file) {
  using Reader = ordered_json (*)(const fs::path&);
  static const std::map<std::string, Reader> readers = {{"config.yaml", run_configuration},
                                                        {"adapter.yaml", adapter_description},
                                                        {"fusion.yaml", fusion_description}};
  const auto reader = readers.find(file.filename().string());
  return reader == readers.end() ? json_file(file) : reader->second(file);
}

std::string as_json(const Contents& contents) {
  ordered_json object = {{"what", contents.what}};
  for (const auto& [name, fact] : contents.facts.items()) object[name] = fact;
  for (const auto& file : contents.descriptions) {
    const auto name = file.lexically_relative(contents.folder).replace_extension();
    object[name.string()] = description(file);
  }
  auto& tensors = object["tensors"] = ordered_json::object();
  for (const auto& [name, tensor] : contents.tensors) {
    tensors[name] = {{"type", c10::toString(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}};
  }
  return object.dump(2) + "\n";
}

// Empty when both are the same.
std::string difference(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes()) return "shape " + shape(a) + " and " + shape(b);
  if (a.scalar_type() != b.scalar_type())
    return std::string("type ") + c10::toString(a.scalar_type()) + " and " + c10::toString(b.scalar_type());
  if (at::equal(a, b)) return "";
  const auto gap = (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
  return "values, by up to " + scientific(gap, 3);
}

}  // namespace

int inspect(const std::string& path, Console& console) {
  const auto contents = contents_of(path);
  console.result(console.json() ? as_json(contents) : as_text(contents, path));
  return 0;
}

int inspect_difference(const std::string& first, const std::string& second, Console& console) {
  const auto a = contents_of(first).tensors, b = contents_of(second).tensors;
  ordered_json differences = ordered_json::object();
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    const auto text = other == b.end() ? std::string("only in the first") : difference(tensor, other->second);
    if (!text.empty()) differences[name] = text;
  }
  for (const auto& [name, tensor] : b) {
    if (!a.count(name)) differences[name] = "only in the second";
  }
  if (console.json()) {
    console.result(differences.dump(2) + "\n");
  } else {
    Table table({{"tensor"}, {"differs in"}});
    for (const auto& [name, text] : differences.items()) table.add_row({name, text.get<std::string>()});
    console.result(differences.empty() ? "the same " + std::to_string(a.size()) + " tensors, bit for bit\n"
                                       : table.text());
  }
  return 0;
}

}  // namespace adaptune
