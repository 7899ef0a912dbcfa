#include "report/attention_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "report/number_format.h"

namespace adaptune {
namespace {

void check_shape(const FusionAttention& attention) {
  bool fits = attention.weights.size() == attention.layers.size();
  for (const auto& row : attention.weights) fits = fits && row.size() == attention.adapters.size();
  if (!fits) throw std::logic_error("fusion attention: weights are not [layers][adapters]");
}

}  // namespace

Table attention_table(const FusionAttention& attention) {
  check_shape(attention);
  std::vector<Column> columns{{"layer", Align::kRight}};
  for (const std::string& adapter : attention.adapters) columns.push_back({adapter, Align::kRight});
  Table table(columns);
  for (size_t layer = 0; layer < attention.layers.size(); ++layer) {
    std::vector<TableCell> row{attention.layers[layer]};
    for (double weight : attention.weights[layer]) {
      row.emplace_back(fixed(weight, 2), nlohmann::json(weight).dump());
    }
    table.add_row(std::move(row));
  }
  return table;
}

std::vector<AdapterShare> most_used_adapters(const FusionAttention& attention, size_t count) {
  check_shape(attention);
  std::vector<AdapterShare> shares;
  for (size_t i = 0; i < attention.adapters.size(); ++i) {
    double sum = 0;
    for (const auto& row : attention.weights) sum += row[i];
    shares.emplace_back(attention.adapters[i],
                        attention.weights.empty() ? 0 : sum / attention.weights.size());
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const AdapterShare& a, const AdapterShare& b) { return a.second > b.second; });
  shares.resize(std::min(count, shares.size()));
  return shares;
}

std::string attention_text(const std::vector<AdapterShare>& shares) {
  std::string text;
  for (const auto& [adapter, share] : shares) {
    text += (text.empty() ? "" : " \u00b7 ") + adapter + " " + fixed(share, 2);
  }
  return text;
}

std::string attention_summary(const FusionAttention& attention) {
  return attention_text(most_used_adapters(attention));
}

}  // namespace adaptune
