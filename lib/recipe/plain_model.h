#pragma once

#include <filesystem>

#include "recipe/trained_task.h"

namespace adaptune {

// Whether a folder holds a whole model, as Hugging Face saves it and `adaptune merge` writes it.
bool is_plain_model(const std::filesystem::path& folder);

// A model with the head of its checkpoint as a trained task that adds nothing. InputError where the
// checkpoint has no head, or nothing says how images are to be prepared.
TrainedTasks open_plain_model(const TrainedTaskQuery& query);

}  // namespace adaptune
