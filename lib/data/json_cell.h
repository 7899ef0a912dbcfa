#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "data/record.h"

namespace adaptune {

// JSON with an object's keys in the order of the file.
using OrderedJson = nlohmann::ordered_json;

// Parses UTF-8 text. InputError "<where>: is not JSON: ..." with the offending text, and for a key that an
// object names twice.
OrderedJson parse_json(const std::string& text, const std::string& where);

// Whole numbers are written without a fraction, others in the shortest exact form.
Cell json_cell(const OrderedJson& value);

// Columns and cells of an object.
void fill_record(const OrderedJson& object, Record& record);

}  // namespace adaptune
