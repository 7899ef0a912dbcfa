#include "recipe/truncate.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "model/low_rank.h"
#include "recipe/trained_task.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

AdapterSpec limited_spec(const TrainedTask& task, int64_t rank) {
  auto spec = task.description.adapter;
  auto* options = std::get_if<ResidualConvolutionOptions>(&spec.site);
  if (task.fused || !options)
    throw UsageError("truncate: '" + task.description.name + "' is a " +
                     (task.fused ? "fusion" : "'" + spec.method + "' adapter") +
                     "; only residual_parallel and residual_series have a matrix to truncate");
  if (options->r > 0)
    throw UsageError("truncate: '" + task.description.name + "' is of rank " + std::to_string(options->r) +
                     " already; start from adapters with r: 0");
  options->r = rank;
  return spec;
}

// Scores were those of other weights.
void write_limited(const TrainedTask& task, const AdapterSpec& spec, const TensorMap& tensors,
                   Backbone& backbone, const fs::path& folder) {
  TaskAdapter adapter(spec, backbone);
  load_parameters(adapter, tensors, task.description.name);
  auto description = task.description;
  description.adapter = spec;
  description.scores.clear();
  write_task_directory(folder, description, adapter, *task.head);
}

}  // namespace

int truncate(const TruncateFlags& flags, Console& console) {
  const fs::path output = flags.output;
  if (fs::exists(output)) throw UsageError("-o " + flags.output + " exists; name a new folder");
  const auto opened = open_trained_tasks({flags.folder, {"all"}, flags.model, torch::kCPU, false});
  std::vector<AdapterSpec> specs;
  std::vector<TensorMap> tensors;
  for (const auto& task : opened.tasks) {
    specs.push_back(limited_spec(task, flags.rank));
    tensors.push_back(parameter_map(*task.adapter));
  }
  const auto limited = low_rank(tensors, flags.rank, flags.joint);
  Table table({{"task"}, {"of the squared norm", Align::kRight}, {"adapter"}});
  auto results = nlohmann::ordered_json::array();
  create_folders(fs::absolute(output).parent_path());
  write_folder_atomically(output, [&](const fs::path& folder) {
    for (size_t i = 0; i < opened.tasks.size(); ++i) {
      const auto& task = opened.tasks[i];
      const auto own = fs::path(task.description.name) / "adapter";
      create_folders((folder / own).parent_path());
      write_limited(task, specs[i], limited.tensors[i], *opened.backbone, folder / own);
      const auto adapter = (output / own).string();
      table.add_row({task.description.name, percentage(limited.kept[i]), adapter});
      results.push_back({{"task", task.description.name},
                         {"rank", flags.rank},
                         {"kept", limited.kept[i]},
                         {"adapter", adapter}});
    }
  });
  console.result(console.json() ? nlohmann::ordered_json{{"results", results}}.dump(2) + "\n" : table.text());
  return 0;
}

}  // namespace adaptune
