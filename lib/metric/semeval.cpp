#include "metric/semeval.h"

#include <map>

#include "metric/f1_counts.h"

namespace adaptune {
namespace {

// Empty for a class without arguments.
std::string relation_of(const std::string& name) {
  const auto bracket = name.find('(');
  return bracket == std::string::npos ? "" : name.substr(0, bracket);
}

}  // namespace

std::optional<double> semeval_f1(const std::vector<std::string>& classes, const std::vector<int64_t>& gold,
                                 const std::vector<int64_t>& predicted) {
  std::map<std::string, F1Counts> relations;
  for (const auto& name : classes) {
    if (!relation_of(name).empty()) relations.emplace(relation_of(name), F1Counts());
  }
  if (relations.empty()) return std::nullopt;
  for (std::size_t i = 0; i < gold.size(); ++i) {
    const auto right = relations.find(relation_of(classes.at(gold[i])));
    const auto answer = relations.find(relation_of(classes.at(predicted[i])));
    if (right != relations.end()) ++right->second.gold;
    if (answer != relations.end()) ++answer->second.predicted;
    if (right != relations.end() && gold[i] == predicted[i]) ++right->second.right;
  }
  double sum = 0;
  for (const auto& relation : relations) sum += relation.second.f1();
  return sum / static_cast<double>(relations.size());
}

}  // namespace adaptune
