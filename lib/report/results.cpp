#include "report/results.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/thousands.h"
#include "report/attention_table.h"
#include "report/number_format.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::optional<double> points(std::optional<double> score, bool share = true) {
  return score && share ? std::optional<double>(100 * *score) : score;
}

ordered_json or_null(std::optional<double> score) { return score ? ordered_json(*score) : nullptr; }

std::string raw(std::optional<double> score) { return score ? ordered_json(*score).dump() : ""; }

ordered_json scores_json(const std::vector<std::pair<std::string, std::optional<double>>>& scores) {
  ordered_json object = ordered_json::object();
  for (const auto& [metric, score] : scores) object[metric] = or_null(score);
  return object;
}

// {"mean": {adapter: share}, "layers": {layer: {adapter: share}}}
ordered_json attention_json(const std::optional<FusionAttention>& attention) {
  if (!attention) return nullptr;
  ordered_json mean = ordered_json::object(), layers = ordered_json::object();
  for (const auto& [adapter, share] : most_used_adapters(*attention, attention->adapters.size()))
    mean[adapter] = share;
  for (size_t l = 0; l < attention->layers.size(); ++l) {
    auto& row = layers[attention->layers[l]];
    for (size_t n = 0; n < attention->adapters.size(); ++n)
      row[attention->adapters[n]] = attention->weights[l][n];
  }
  return {{"mean", mean}, {"layers", layers}};
}

TableCell score_cell(std::optional<double> score, bool share = true) {
  return {score_text(points(score, share)), raw(score)};
}

TableCell interval_cell(const SuiteResult& result) {
  if (!result.interval) return "";
  const auto [low, high] = *result.interval;
  return {difference_text(points(low)) + " to " + difference_text(points(high)), raw(low) + " " + raw(high)};
}

TableCell count_cell(int64_t count) { return {std::to_string(count), std::to_string(count)}; }

TableCell parameters_cell(std::optional<int64_t> count) {
  return count ? TableCell(thousands(*count), std::to_string(*count)) : TableCell("–", "");
}

ordered_json decathlon_json(const std::optional<DecathlonResult>& result) {
  if (!result) return nullptr;
  return {
      {"score", result->score}, {"baseline", result->baseline}, {"baseline_run", result->baseline_folder}};
}

std::string document(const ordered_json& object) {
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

void write_results(const std::filesystem::path& folder, const Table& table, const std::string& json) {
  create_folders(folder);
  write_file_atomically(folder / "results.json", json);
  write_file_atomically(folder / "results.md", table.markdown());
  write_file_atomically(folder / "results.csv", table.csv());
}

}  // namespace

std::optional<double> SuiteResult::difference() const {
  if (!fusion || !adapter) return std::nullopt;
  return *fusion - *adapter;
}

Table train_table(const std::vector<TrainResult>& results) {
  Table table({{"task"},
               {"metric"},
               {"best", Align::kRight},
               {"step", Align::kRight},
               {"epoch", Align::kRight},
               {"adapter"},
               {"time", Align::kRight}});
  for (const TrainResult& r : results) {
    table.add_row({r.task, r.metric, score_cell(r.best, r.share), count_cell(r.step), fixed(r.epoch, 1),
                   TableCell(r.adapter + " (" + mebibytes(r.adapter_bytes) + ")", r.adapter),
                   TableCell(duration_text(r.seconds), raw(r.seconds))});
  }
  return table;
}

Table suite_table(const std::vector<SuiteResult>& results) {
  Table table({{"task"},
               {"metric"},
               {"n", Align::kRight},
               {"majority", Align::kRight},
               {"adapter", Align::kRight},
               {"parameters", Align::kRight},
               {"fusion", Align::kRight},
               {"\u0394", Align::kRight},
               {"95 % of \u0394"},
               {"adapters used most (mean attention)"}});
  for (const SuiteResult& r : results) {
    table.add_row({r.task, r.metric, count_cell(r.examples), score_cell(r.majority), score_cell(r.adapter),
                   parameters_cell(r.parameters), score_cell(r.fusion),
                   TableCell(difference_text(points(r.difference())), raw(r.difference())), interval_cell(r),
                   r.attention ? attention_summary(*r.attention) : ""});
  }
  return table;
}

std::string train_json(const std::vector<TrainResult>& results) {
  ordered_json rows = ordered_json::array();
  for (const TrainResult& r : results) {
    rows.push_back({{"task", r.task},
                    {"metric", r.metric},
                    {"best", or_null(r.best)},
                    {"step", r.step},
                    {"epoch", r.epoch},
                    {"adapter", r.adapter},
                    {"adapter_bytes", r.adapter_bytes},
                    {"seconds", r.seconds}});
  }
  return document({{"results", rows}});
}

std::string suite_json(const SuiteResults& results) {
  ordered_json rows = ordered_json::array();
  for (const SuiteResult& r : results.tasks) {
    rows.push_back(
        {{"task", r.task},
         {"metric", r.metric},
         {"n", r.examples},
         {"majority", or_null(r.majority)},
         {"adapter", or_null(r.adapter)},
         {"parameters", r.parameters ? ordered_json(*r.parameters) : ordered_json()},
         {"fusion", or_null(r.fusion)},
         {"difference", or_null(r.difference())},
         {"interval", r.interval ? ordered_json{r.interval->first, r.interval->second} : ordered_json()},
         {"adapter_scores", scores_json(r.adapter_scores)},
         {"fusion_scores", scores_json(r.fusion_scores)},
         {"attention", attention_json(r.attention)}});
  }
  return document(
      {{"split", results.split}, {"results", rows}, {"decathlon", decathlon_json(results.decathlon)}});
}

void write_train_results(const std::filesystem::path& folder, const std::vector<TrainResult>& results) {
  auto moved = results;
  for (auto& result : moved)
    result.adapter = fs::absolute(result.adapter).lexically_relative(fs::absolute(folder)).string();
  write_results(folder, train_table(moved), train_json(moved));
}

void write_suite_results(const std::filesystem::path& folder, const SuiteResults& results) {
  write_results(folder, suite_table(results.tasks), suite_json(results));
}

std::string decathlon_text(const DecathlonResult& result, size_t tasks) {
  return "Visual Decathlon score " + fixed(result.score, 1) + " of at most " + std::to_string(1000 * tasks) +
         " (" + result.baseline_folder + ": " + fixed(result.baseline, 1) + ")";
}

}  // namespace adaptune
