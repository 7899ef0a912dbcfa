#pragma once

#include <cstdint>
#include <memory>

#include "data/activation_cache.h"
#include "model/task_model.h"
#include "recipe/console.h"
#include "recipe/run.h"
#include "recipe/workspace.h"

namespace adaptune {

// States that a training's passes go on from; null: they begin with the tokens.
struct TrainingStates {
  std::shared_ptr<const ActivationCache> train, validation;
};

// As `cache` of the configuration says: read from their files, or computed and written first where those are
// missing or damaged, which one of several runs does for all. Says what it does, and that there is nothing to
// keep where the adapters begin in the lowest layer or read padding. UsageError when the files would be
// larger than cache.max_gib, IoError (with the way to do without) when they cannot be written.
TrainingStates training_states(const Run& run, Workspace& workspace, const TaskData& data,
                               const TrainOptions& options, const Attachment& attachment, Console& console);

}  // namespace adaptune
