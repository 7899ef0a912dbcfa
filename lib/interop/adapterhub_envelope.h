#pragma once
// What stands around the `config` object in every configuration file of AdapterHub's library.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "backbone/backbone.h"

namespace adaptune {

struct AdapterHubEnvelope {
  std::string name;        // of the adapter, head or fusion
  std::string model_name;  // Hugging Face's name_or_path; nothing depends on it
};

// The envelope's keys, without `config`.
nlohmann::json adapterhub_envelope(const AdapterHubEnvelope& envelope, const BackboneInfo& info);

// Sorted keys, indent 2, ASCII: what Python's json.dump writes for the library.
std::string adapterhub_json_text(const nlohmann::json& file);

// The `name` in a file; InputError when it is no text, or not one that may name a module: empty or with '.'.
std::string adapterhub_name(const nlohmann::json& file, const std::string& where);

// A number as the library's defaults are written: without a fraction where it is whole.
nlohmann::json adapterhub_number(double value);

}  // namespace adaptune
