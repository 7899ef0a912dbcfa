#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/sequence_template.h"

namespace adaptune {

// The `post_processor` of a tokenizer.json: TemplateProcessing or BertProcessing. Throws InputError naming
// `where` for another kind or one that is not complete.
SequenceTemplate read_post_processor(const nlohmann::json& node, const std::string& where);

}  // namespace adaptune
