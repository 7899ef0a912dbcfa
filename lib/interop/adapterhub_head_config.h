#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"

namespace adaptune {

// head_config.json of a flexible head (`file` is the whole file), section 10.1 of the format. Its
// classification with one label is our regression. InputError for kinds of heads, keys and label maps that
// are wrong or not supported, and for a head of another family's models.
HeadSpec read_adapterhub_head_config(const nlohmann::json& file, const std::string& where,
                                     const BackboneInfo& info);

// The `config` object. ValueError at `export` where the library has no key for an option.
nlohmann::json adapterhub_head_config(const HeadSpec& spec);

// Label names in the order of the logits from a map name -> number; LABEL_0, .. when it is null.
std::vector<std::string> labels_of(const nlohmann::json& label2id, int64_t count, const std::string& where);

}  // namespace adaptune
