#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/sequence_template.h"

namespace adaptune {

struct PostProcessor {
  SequenceTemplate layout = plain_template();
  bool trim_offsets = false;      // byte-level: offsets leave out blanks at both ends of a token
  bool add_prefix_space = false;  // but not the one that was put before a text
};

// The `post_processor` of a tokenizer.json: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel,
// or a Sequence of them. Throws InputError naming `where` for another kind or one that is not complete.
PostProcessor read_post_processor(const nlohmann::json& node, const std::string& where);

}  // namespace adaptune
