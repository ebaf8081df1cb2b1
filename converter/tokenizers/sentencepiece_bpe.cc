// Every split of every piece into two others is a merge.
#include "converter/tokenizers/sentencepiece_bpe.h"

#include <algorithm>

namespace kinglet::converter {

void merges_from_scores(Draft& draft) {
  std::unordered_map<std::string_view, std::uint32_t> ids;
  for (std::uint32_t id = 0; id < draft.tokens.size(); ++id) {
    if (draft.tokens[id].kind == fb::TokenKind::Text) ids.emplace(draft.tokens[id].text, id);
  }
  for (std::uint32_t id = 0; id < draft.tokens.size(); ++id) {
    const std::string_view text = draft.tokens[id].text;
    if (draft.tokens[id].kind != fb::TokenKind::Text || ids.at(text) != id) continue;
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      const auto left = ids.find(text.substr(0, cut));
      const auto right = ids.find(text.substr(cut));
      if (left != ids.end() && right != ids.end()) draft.merges.push_back({left->second, right->second, id, 0});
    }
  }
  std::stable_sort(draft.merges.begin(), draft.merges.end(), [&](const DraftMerge& a, const DraftMerge& b) {
    return draft.tokens[a.result].score > draft.tokens[b.result].score;
  });
  for (std::size_t i = 1; i < draft.merges.size(); ++i) {
    const bool equal = draft.tokens[draft.merges[i].result].score == draft.tokens[draft.merges[i - 1].result].score;
    draft.merges[i].rank = draft.merges[i - 1].rank + (equal ? 0u : 1u);
  }
}

}  // namespace kinglet::converter
