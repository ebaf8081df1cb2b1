// Templates: which special tokens stand around one text, and around two.
#include "converter/tokenizers/pipeline.h"

namespace kinglet::converter {
namespace {

using Ids = std::vector<std::int32_t>;

// One row of a template: special tokens with their type, and the places of A and B.
struct Item {
  int sequence = -1;  // 0: A, 1: B, -1: special tokens
  Ids ids;
  std::int64_t type = 0;
};

std::int32_t checked_id(const JsonView& value, const Draft& draft) {
  const std::int64_t id = value.integer();
  if (id < 0 || static_cast<std::size_t>(id) >= draft.tokens.size()) value.fail("is no token's id");
  return static_cast<std::int32_t>(id);
}

std::vector<Item> read_items(const JsonView& list, const JsonView& special_tokens, const Draft& draft) {
  std::vector<Item> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Item item;
    const JsonView special = list.at(i)["SpecialToken"];
    const JsonView sequence = list.at(i)["Sequence"];
    if (!sequence.is_null()) {
      item.sequence = sequence["id"].text() == "B" ? 1 : 0;
      item.type = sequence["type_id"].integer(0);
    } else {
      item.type = special["type_id"].integer(0);
      const JsonView ids = special_tokens[special["id"].text().c_str()]["ids"];
      if (ids.size() == 0) special.fail("names a token that special_tokens lacks");
      for (std::size_t k = 0; k < ids.size(); ++k) item.ids.push_back(checked_id(ids.at(k), draft));
    }
    result.push_back(std::move(item));
  }
  return result;
}

void append(Ids& to, const Ids& ids) { to.insert(to.end(), ids.begin(), ids.end()); }

void read_single(const JsonView& place, const std::vector<Item>& items, Draft& draft) {
  int seen = 0;
  for (const Item& item : items) {
    if (item.sequence >= 0) {
      ++seen;
    } else {
      append(seen == 0 ? draft.tables.before : draft.tables.after, item.ids);
    }
  }
  if (seen != 1) place.fail("does not hold the text once");
}

void read_pair(const JsonView& place, const std::vector<Item>& items, Draft& draft) {
  fb::TokenizerT& tables = draft.tables;
  int seen = 0;
  for (const Item& item : items) {
    if (item.sequence >= 0) {
      if (item.sequence != seen) place.fail("has its texts in another order than A, B");
      ++seen;
      if (seen == 2) tables.second_type = item.type == 1 ? 1 : 0;
      continue;
    }
    const bool second = item.type == 1;
    append(seen == 0   ? tables.pair_before
           : seen == 2 ? tables.pair_after
           : second    ? tables.pair_second
                       : tables.pair_between,
           item.ids);
  }
  if (seen != 2) place.fail("does not hold both texts");
}

// [CLS] A [SEP] B [SEP], and with `doubled` two separators between (RoBERTa).
void read_cls_sep(const JsonView& part, bool doubled, Draft& draft) {
  const std::int32_t cls = checked_id(part["cls"].at(1), draft);
  const std::int32_t sep = checked_id(part["sep"].at(1), draft);
  fb::TokenizerT& tables = draft.tables;
  tables.before = tables.pair_before = {cls};
  tables.after = tables.pair_after = {sep};
  tables.pair_between = doubled ? Ids{sep, sep} : Ids{sep};
  tables.second_type = doubled ? 0 : 1;
}

}  // namespace

void read_post_processor(const JsonView& processor, Draft& draft) {
  for (const JsonView& part : components(processor, "processors")) {
    const std::string type = part["type"].text();
    if (type == "TemplateProcessing") {
      const JsonView special_tokens = part["special_tokens"];
      read_single(part["single"], read_items(part["single"], special_tokens, draft), draft);
      read_pair(part["pair"], read_items(part["pair"], special_tokens, draft), draft);
    } else if (type == "RobertaProcessing" || type == "BertProcessing") {
      if (part["cls"].size() != 2 || part["sep"].size() != 2) part.fail("lacks cls or sep");
      read_cls_sep(part, type == "RobertaProcessing", draft);
    } else if (type != "ByteLevel") {
      part.fail("the post-processor \"" + type + "\" is not supported");
    }
  }
}

}  // namespace kinglet::converter
