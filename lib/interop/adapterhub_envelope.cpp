#include "interop/adapterhub_envelope.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "interop/adapterhub_names.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

using nlohmann::json;

// Below 1.1.0 the library would set alpha = r on loading, without a version it would rename activations.
constexpr const char* kVersion = "adapters.1.3.0";

}  // namespace

json adapterhub_envelope(const AdapterHubEnvelope& envelope, const BackboneInfo& info) {
  const auto& family = adapterhub_family(info);
  return {{"hidden_size", info.hidden_size},
          {"model_class", family.classes + "AdapterModel"},
          {"model_name", envelope.model_name},
          {"model_type", family.model_type},
          {"name", envelope.name},
          {"version", kVersion}};
}

std::string adapterhub_json_text(const json& file) { return file.dump(2, ' ', /*ensure_ascii=*/true); }

std::string adapterhub_name(const json& file, const std::string& where) {
  JsonFields fields(file, where);
  const std::string name = fields.text("name", "");
  if (name.empty() || name.find('.') != std::string::npos) {
    fields.fail("name",
                "must be a text that is not empty and holds no '.', found " + fields.raw("name").dump());
  }
  return name;
}

json adapterhub_number(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? json(static_cast<int64_t>(value)) : json(value);
}

}  // namespace adaptune
