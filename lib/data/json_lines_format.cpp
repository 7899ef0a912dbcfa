#include "data/json_lines_format.h"

#include "core/error.h"
#include "data/json_cell.h"
#include "io/text_file.h"

namespace adaptune {

void read_json_lines(const std::filesystem::path& file, const FormatOptions&, const RecordSink& sink) {
  LineReader reader(file);
  Record record;
  for (std::string line; reader.next(line);) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    record.number = reader.line_number();
    const std::string where = row_location({file}, record.number);
    const OrderedJson object = parse_json(line, where);
    if (!object.is_object()) {
      throw InputError(where + ": must be a JSON object with one value a column, found " +
                       description(json_cell(object)));
    }
    fill_record(object, record);
    sink(record);
  }
}

}  // namespace adaptune
