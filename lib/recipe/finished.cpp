#include "recipe/finished.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"

namespace adaptune {
namespace {

using nlohmann::json;

constexpr const char* kFile = "result.json";

}  // namespace

std::optional<FinishedTraining> read_finished(const std::filesystem::path& folder) {
  const auto file = folder / kFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const json o = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!o.is_object() || !o.contains("total_steps")) return std::nullopt;
  FinishedTraining finished;
  auto& r = finished.result;
  r.task = o.value("task", "");
  r.metric = o.value("metric", "");
  if (o.contains("best") && o["best"].is_number()) r.best = o["best"].get<double>();
  r.share = o.value("share", true);
  r.step = o.value("step", int64_t{0});
  r.epoch = o.value("epoch", 0.0);
  r.adapter = o.value("adapter", "");
  r.adapter_bytes = o.value("adapter_bytes", int64_t{0});
  r.seconds = o.value("seconds", 0.0);
  finished.total_steps = o.value("total_steps", int64_t{0});
  finished.stopped_early = o.value("stopped_early", false);
  if (o.contains("patience") && o["patience"].is_number()) finished.patience = o["patience"].get<int64_t>();
  finished.identity = o.value("identity", "");
  return finished;
}

void write_finished(const std::filesystem::path& folder, const FinishedTraining& finished) {
  const auto& r = finished.result;
  const json o = {{"task", r.task},
                  {"metric", r.metric},
                  {"best", r.best ? json(*r.best) : json()},
                  {"share", r.share},
                  {"step", r.step},
                  {"epoch", r.epoch},
                  {"adapter", r.adapter},
                  {"adapter_bytes", r.adapter_bytes},
                  {"seconds", r.seconds},
                  {"total_steps", finished.total_steps},
                  {"stopped_early", finished.stopped_early},
                  {"patience", finished.patience ? json(*finished.patience) : json()},
                  {"identity", finished.identity}};
  write_file_atomically(folder / kFile, o.dump(2) + "\n");
}

}  // namespace adaptune
