#pragma once

#include <string>
#include <vector>

#include "recipe/console.h"

namespace adaptune {

// `adaptune predict`: labels and scores for new inputs.
struct PredictFlags {
  std::string
      run;  // folder of a run, an adapter or a fusion, also AdapterHub's or PEFT's; or of a whole model
  std::vector<std::string> tasks;  // which; "all"; may be empty where there is one only
  std::string input = "-";         // a data file, or "-": a text a line (pairs: a tab between)
  std::string output = "-";
  std::string model;  // the backbone's folder; empty: as trained, if the folder says that
  std::string device = "cpu";
  int64_t batch_size = 64;
  bool bf16 = false;              // products with frozen weights in bfloat16
  bool logits = false;            // add the head's outputs as they are
  bool fusion_attention = false;  // add the fused adapters' weights by layer
  bool allow_backbone_mismatch = false;
};

// One JSON object a line, in the order of the input; with several tasks, which run in one pass, by their
// names in it. Returns the exit status.
int predict(const PredictFlags& flags, Console& console);

}  // namespace adaptune
