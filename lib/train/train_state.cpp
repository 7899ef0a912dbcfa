#include "train/train_state.h"

#include <nlohmann/json.hpp>

#include <sstream>
#include <vector>

#include "core/error.h"
#include "core/identity_difference.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string state_json(const TrainState& state) {
  ordered_json best = {{"score", nullptr}, {"step", state.best.step}, {"stalled", state.best.stalled}};
  if (state.best.score) best["score"] = *state.best.score;
  const ordered_json json = {
      {"step", state.step},
      {"total_steps", state.total_steps},
      {"epoch", state.epoch},
      {"sampler",
       {{"seed", state.seed}, {"epoch", state.sampler_epoch}, {"position", state.sampler_position}}},
      {"evaluated_step", state.evaluated_step},
      {"score", state.score ? ordered_json(*state.score) : ordered_json()},
      {"best", best},
      {"skipped_steps", state.skipped_steps},
      {"running_loss", {{"sum", state.loss_sum}, {"count", state.loss_count}}},
      {"seconds", state.seconds},
      {"processes", 1},
      {"threads", state.threads},
      {"libtorch", state.libtorch},
      {"identity", lines_of(state.identity)},
  };
  return json.dump(2) + "\n";
}

TrainState read_state_json(const std::string& text, const std::string& where) try {
  const auto json = nlohmann::json::parse(text);
  TrainState state;
  state.step = json.at("step");
  state.total_steps = json.at("total_steps");
  state.epoch = json.at("epoch");
  const auto& sampler = json.at("sampler");
  state.seed = sampler.at("seed");
  state.sampler_epoch = sampler.at("epoch");
  state.sampler_position = sampler.at("position");
  state.evaluated_step = json.at("evaluated_step");
  if (!json.at("score").is_null()) state.score = json.at("score").get<double>();
  const auto& best = json.at("best");
  if (!best.at("score").is_null()) state.best.score = best.at("score").get<double>();
  state.best.step = best.at("step");
  state.best.stalled = best.at("stalled");
  state.skipped_steps = json.at("skipped_steps");
  state.loss_sum = json.at("running_loss").at("sum");
  state.loss_count = json.at("running_loss").at("count");
  state.seconds = json.at("seconds");
  state.threads = json.at("threads");
  state.libtorch = json.at("libtorch");
  for (const std::string line : json.at("identity")) state.identity += line + "\n";
  return state;
} catch (const nlohmann::json::exception& error) {
  throw InputError(where + ": is not the state of a training run: " + error.what());
}

void check_identity(const TrainState& state, const std::string& identity, const std::string& where) {
  const std::string difference = identity_difference(state.identity, identity);
  if (difference.empty()) return;
  throw InputError(where +
                   ": was written by another training; continue it as it was begun (-), not as now (+), or "
                   "start anew" +
                   difference);
}

}  // namespace adaptune
