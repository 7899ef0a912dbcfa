#include "recipe/mistakes.h"

#include <algorithm>
#include <cmath>

#include "core/atomic_file.h"
#include "image/contact_sheet.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

constexpr int64_t kColumns = 8;

std::vector<int64_t> worst(const Predictions& predictions, int64_t count) {
  std::vector<int64_t> wrong;
  for (size_t i = 0; i < predictions.classes.size(); ++i)
    if (predictions.classes[i] != predictions.gold_classes[i]) wrong.push_back(static_cast<int64_t>(i));
  std::stable_sort(wrong.begin(), wrong.end(),
                   [&](int64_t a, int64_t b) { return predictions.losses[a] > predictions.losses[b]; });
  wrong.resize(std::min(wrong.size(), static_cast<size_t>(count)));
  return wrong;
}

}  // namespace

int64_t write_mistakes(const std::filesystem::path& folder, const ImageSet& images,
                       const Predictions& predictions, const std::vector<std::string>& labels,
                       int64_t count) {
  const auto sheet = folder / "mistakes.png", list = folder / "mistakes.md";
  const auto rows = worst(predictions, count);
  if (rows.empty()) {
    std::filesystem::remove(sheet);
    std::filesystem::remove(list);
    return 0;
  }
  std::vector<Image> shown;
  Table table({{"row", Align::kRight},
               {"column", Align::kRight},
               {"label"},
               {"predicted"},
               {"probability of the label", Align::kRight},
               {"image"}});
  for (const int64_t row : rows) {
    const auto place = static_cast<int64_t>(shown.size());
    shown.push_back(images.image(row));
    table.add_row({std::to_string(place / kColumns + 1), std::to_string(place % kColumns + 1),
                   labels[predictions.gold_classes[row]], labels[predictions.classes[row]],
                   scientific(std::exp(-predictions.losses[row]), 1), images.name(row)});
  }
  create_folders(folder);
  write_file_atomically(sheet, encode_png(contact_sheet(shown, kColumns)));
  write_file_atomically(list, table.markdown());
  return static_cast<int64_t>(rows.size());
}

}  // namespace adaptune
