#include "tokenizer/tokenizer.h"

#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "tokenizer/byte_bpe_settings.h"
#include "tokenizer/byte_bpe_tokenizer.h"
#include "tokenizer/special_token_files.h"
#include "tokenizer/wordpiece_settings.h"
#include "tokenizer/wordpiece_tokenizer.h"

namespace adaptune {
namespace {

using nlohmann::json;

std::unique_ptr<Tokenizer> load_wordpiece_json(const std::filesystem::path& folder, const json& root) {
  return std::make_unique<WordPieceTokenizer>(read_wordpiece_json(folder, root));
}

std::unique_ptr<Tokenizer> load_wordpiece_vocabulary(const std::filesystem::path& folder) {
  return std::make_unique<WordPieceTokenizer>(read_wordpiece_vocabulary(folder));
}

std::unique_ptr<Tokenizer> load_byte_bpe_json(const std::filesystem::path& folder, const json& root) {
  return std::make_unique<ByteBpeTokenizer>(read_byte_bpe_json(folder, root));
}

std::unique_ptr<Tokenizer> load_byte_bpe_vocabulary(const std::filesystem::path& folder) {
  return std::make_unique<ByteBpeTokenizer>(read_byte_bpe_vocabulary(folder));
}

// The models of a tokenizer.json, by `model.type`.
struct ModelRow {
  const char* type;
  std::unique_ptr<Tokenizer> (*load)(const std::filesystem::path& folder, const json& root);
};
constexpr ModelRow kModels[] = {
    {"WordPiece", load_wordpiece_json},
    {"BPE", load_byte_bpe_json},
};

std::string model_type(const json& root, const std::filesystem::path& file) {
  try {
    return root.at("model").value("type", std::string("WordPiece"));
  } catch (const json::exception& e) {
    throw InputError(file.string() + ": holds no tokenizer model: " + e.what() + "; fetch the file again");
  }
}

std::unique_ptr<Tokenizer> load_json(const std::filesystem::path& folder) {
  auto file = folder / "tokenizer.json";
  json root = read_json_if_present(file);
  std::string type = model_type(root, file);
  std::string known;
  for (const auto& row : kModels) {
    if (type == row.type) return row.load(folder, root);
    known += std::string(known.empty() ? "" : ", ") + row.type;
  }
  throw InputError(file.string() + ": model '" + type + "' is not known; known are: " + known);
}

// Forms of a tokenizer on disk; the first whose file is there counts.
struct FileRow {
  const char* file;
  std::unique_ptr<Tokenizer> (*load)(const std::filesystem::path& folder);
};
constexpr FileRow kFiles[] = {
    {"tokenizer.json", load_json},
    {"vocab.txt", load_wordpiece_vocabulary},
    {"vocab.json", load_byte_bpe_vocabulary},
};

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  std::string looked_for;
  for (const auto& row : kFiles) {
    if (std::filesystem::exists(folder / row.file)) return row.load(folder);
    looked_for += std::string(looked_for.empty() ? "" : ", ") + row.file;
  }
  throw InputError(folder.string() + ": no tokenizer in this folder; looked for " + looked_for);
}

}  // namespace adaptune
