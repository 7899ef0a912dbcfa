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

}  // namespace

SequenceTemplate read_post_processor(const nlohmann::json& node, const std::string& where) {
  try {
    std::string type = node.at("type").get<std::string>();
    if (type == "BertProcessing") {
      return bert_template(node.at("cls").at(1).get<int32_t>(), node.at("sep").at(1).get<int32_t>());
    }
    if (type == "TemplateProcessing") {
      const auto& special_tokens = node.at("special_tokens");
      return {read_items(node.at("single"), special_tokens, where),
              read_items(node.at("pair"), special_tokens, where)};
    }
    throw InputError(where + ": post_processor '" + type +
                     "' is not known; TemplateProcessing and BertProcessing are");
  } catch (const nlohmann::json::exception& e) {
    throw InputError(where + ": post_processor: " + e.what());
  }
}

}  // namespace adaptune
