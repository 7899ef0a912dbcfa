#include "report/progress_line.h"

#include <algorithm>
#include <cmath>

#include "core/thousands.h"
#include "report/number_format.h"
#include "report/text_width.h"

namespace adaptune {
namespace {

constexpr int kBarColumns = 19;
constexpr int kSmallBarColumns = 8;

// A part of the line; those with the highest number are left out first, 0 never.
struct Piece {
  int expendable;
  std::string text;
};

// Small losses keep their digits: 3.1e-05 rather than 0.000.
std::string loss_text(double loss, int digits) {
  const bool small = loss != 0 && std::abs(loss) < std::pow(10.0, -digits);
  return small ? scientific(loss, digits - 2) : fixed(loss, digits);
}

std::string rate_text(double rate, int digits) { return rate == 0 ? "0" : scientific(rate, digits); }

double share_done(const TrainProgress& p) {
  return p.total_steps > 0 ? static_cast<double>(p.step) / p.total_steps : 0.0;
}

std::string epoch_text(const TrainProgress& p) {
  int64_t current = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(p.epoch - 1e-9)));
  if (p.total_epochs == 0) return "epoch " + std::to_string(current);
  current = std::min(current, p.total_epochs);
  return "epoch " + std::to_string(current) + "/" + std::to_string(p.total_epochs);
}

std::string memory_text(const TrainProgress& p) {
  const std::string total = p.total_memory_gib ? "/" + fixed(*p.total_memory_gib, 1) : "";
  return fixed(*p.memory_gib, 1) + total + " GiB";
}

constexpr int kBarPiece = 4;

// In the order of the line; the bar's text is empty here.
std::vector<Piece> pieces_of(const TrainProgress& p) {
  const bool total = p.total_steps > 0;
  std::vector<Piece> pieces{{0, p.task}, {2, epoch_text(p)}};
  if (total) pieces.push_back({kBarPiece, ""});
  if (total) pieces.push_back({0, std::to_string(static_cast<int>(share_done(p) * 100)) + "%"});
  pieces.push_back(
      {3, total ? thousands(p.step) + "/" + thousands(p.total_steps) : "step " + thousands(p.step)});
  if (p.loss) pieces.push_back({0, "loss " + loss_text(*p.loss, 3)});
  if (p.learning_rate) pieces.push_back({5, "lr " + rate_text(*p.learning_rate, 1)});
  if (p.examples_per_second) pieces.push_back({6, fixed(*p.examples_per_second, 0) + " ex/s"});
  if (p.memory_gib) pieces.push_back({7, memory_text(p)});
  if (p.remaining_seconds) pieces.push_back({1, "eta " + duration_text(*p.remaining_seconds)});
  return pieces;
}

int total_width(const std::vector<Piece>& pieces) {
  int width = 2 * (static_cast<int>(pieces.size()) - 1);
  for (const Piece& piece : pieces) width += display_width(piece.text);
  return width;
}

// Removes the most expendable piece; false when none is left.
bool leave_one_out(std::vector<Piece>& pieces) {
  const auto most = std::max_element(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.expendable < b.expendable;
  });
  if (most->expendable == 0) return false;
  pieces.erase(most);
  return true;
}

bool has_bar(const std::vector<Piece>& pieces) {
  return std::any_of(pieces.begin(), pieces.end(), [](const Piece& p) { return p.expendable == kBarPiece; });
}

// Columns left for the bar; 0 without one.
int fit(std::vector<Piece>& pieces, int columns) {
  while (true) {
    const int spare = columns - total_width(pieces);
    const int smallest = has_bar(pieces) ? kSmallBarColumns : 0;
    if (spare >= smallest || !leave_one_out(pieces)) return std::clamp(spare, 0, kBarColumns);
  }
}

std::string field(const std::string& key, const std::string& value) {
  if (value.find_first_of(" =\"") == std::string::npos) return " " + key + "=" + value;
  std::string quoted;
  for (char c : value) quoted += c == '"' ? "\\\"" : std::string(1, c);
  return " " + key + "=\"" + quoted + "\"";
}

}  // namespace

std::string progress_text(const TrainProgress& progress, int columns, const BarStyle& style) {
  std::vector<Piece> pieces = pieces_of(progress);
  const int bar_columns = fit(pieces, columns);
  std::string line;
  const bool too_long = total_width(pieces) > columns;
  for (const Piece& piece : pieces) {
    const bool bar = piece.expendable == kBarPiece;
    line += line.empty() ? "" : "  ";
    line += bar ? progress_bar(share_done(progress), bar_columns, style) : piece.text;
  }
  return too_long ? cut_to_width(line, columns) : line;
}

std::string progress_text(const EvalProgress& progress) {
  std::string line = progress.task + "  step " + thousands(progress.step);
  for (const auto& [name, value] : progress.scores)
    line += "  " + name + " " + loss_text(value.value_or(NAN), 4);
  if (progress.best) line += "  best";
  if (progress.patience == 0) return line;
  return line + "  stalled " + std::to_string(progress.stalled) + "/" + std::to_string(progress.patience);
}

std::string progress_record(const TrainProgress& p, std::chrono::system_clock::time_point time) {
  std::string line = utc_time(time) + " train" + field("task", p.task) + " step=" + std::to_string(p.step);
  if (p.total_steps > 0) line += "/" + std::to_string(p.total_steps);
  line += field("epoch", fixed(p.epoch, 2));
  if (p.loss) line += field("loss", loss_text(*p.loss, 4));
  if (p.learning_rate) line += field("lr", rate_text(*p.learning_rate, 3));
  if (p.grad_norm) line += field("grad_norm", loss_text(*p.grad_norm, 2));
  if (p.examples_per_second) line += field("ex_s", fixed(*p.examples_per_second, 0));
  if (p.tokens_per_second) line += field("tok_s", fixed(*p.tokens_per_second, 0));
  if (p.memory_gib) line += field("mem_gib", fixed(*p.memory_gib, 1));
  if (p.remaining_seconds) line += field("eta_s", fixed(*p.remaining_seconds, 0));
  return line;
}

std::string progress_record(const EvalProgress& p, std::chrono::system_clock::time_point time) {
  std::string line = utc_time(time) + " eval " + field("task", p.task) + " step=" + std::to_string(p.step);
  for (const auto& [name, value] : p.scores) line += field(name, loss_text(value.value_or(NAN), 4));
  line += p.best ? " best=yes" : " best=no";
  if (p.patience > 0) line += " stalled=" + std::to_string(p.stalled) + "/" + std::to_string(p.patience);
  return line;
}

}  // namespace adaptune
