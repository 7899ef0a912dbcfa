#include "tokenizer/post_processor.h"

#include "core/error.h"

namespace adaptune {
namespace {

TemplateItem read_item(const nlohmann::json& node, const nlohmann::json& special_tokens,
                       const std::string& where) {
  TemplateItem item;
  if (node.contains("Sequence")) {
    const auto& sequence = node["Sequence"];
    item.kind = sequence.at("id") == "A" ? TemplateItem::Kind::kFirst : TemplateItem::Kind::kSecond;
    item.type_id = sequence.at("type_id").get<int32_t>();
    return item;
  }
  if (!node.contains("SpecialToken")) {
    throw InputError(where + ": template item " + node.dump().substr(0, 80) +
                     "; must be a Sequence or a SpecialToken");
  }
  const auto& special = node["SpecialToken"];
  item.kind = TemplateItem::Kind::kSpecial;
  item.ids = special_tokens.at(special.at("id").get<std::string>()).at("ids").get<std::vector<int32_t>>();
  item.type_id = special.at("type_id").get<int32_t>();
  return item;
}

std::vector<TemplateItem> read_items(const nlohmann::json& nodes, const nlohmann::json& special_tokens,
                                     const std::string& where) {
  std::vector<TemplateItem> items;
  for (const auto& node : nodes) items.push_back(read_item(node, special_tokens, where));
  return items;
}

using Reader = void (*)(const nlohmann::json& node, const std::string& where, PostProcessor& processor);

void read_bert(const nlohmann::json& node, const std::string&, PostProcessor& processor) {
  processor.layout = bert_template(node.at("cls").at(1).get<int32_t>(), node.at("sep").at(1).get<int32_t>());
}

void read_byte_level(const nlohmann::json& node, const std::string&, PostProcessor& processor) {
  processor.trim_offsets = node.value("trim_offsets", true);
  processor.add_prefix_space = node.value("add_prefix_space", true);
}

void read_roberta(const nlohmann::json& node, const std::string& where, PostProcessor& processor) {
  processor.layout =
      roberta_template(node.at("cls").at(1).get<int32_t>(), node.at("sep").at(1).get<int32_t>());
  read_byte_level(node, where, processor);
}

void read_template(const nlohmann::json& node, const std::string& where, PostProcessor& processor) {
  const auto& special_tokens = node.at("special_tokens");
  processor.layout = {read_items(node.at("single"), special_tokens, where),
                      read_items(node.at("pair"), special_tokens, where)};
}

void read_one(const nlohmann::json& node, const std::string& where, PostProcessor& processor);

void read_sequence(const nlohmann::json& node, const std::string& where, PostProcessor& processor) {
  for (const auto& part : node.at("processors")) read_one(part, where, processor);
}

struct KindRow {
  const char* type;
  Reader read;
};
constexpr KindRow kKinds[] = {
    {"TemplateProcessing", read_template}, {"BertProcessing", read_bert}, {"RobertaProcessing", read_roberta},
    {"ByteLevel", read_byte_level},        {"Sequence", read_sequence},
};

void read_one(const nlohmann::json& node, const std::string& where, PostProcessor& processor) {
  std::string type = node.at("type").get<std::string>();
  std::string known;
  for (const auto& row : kKinds) {
    if (type == row.type) return row.read(node, where, processor);
    known += std::string(known.empty() ? "" : ", ") + row.type;
  }
  throw InputError(where + ": post_processor '" + type + "' is not known; known are: " + known);
}

}  // namespace

PostProcessor read_post_processor(const nlohmann::json& node, const std::string& where) {
  PostProcessor processor;
  try {
    read_one(node, where, processor);
  } catch (const nlohmann::json::exception& e) {
    throw InputError(where + ": post_processor: " + e.what());
  }
  return processor;
}

}  // namespace adaptune
