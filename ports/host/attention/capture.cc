#include "attention/capture.h"

#include <string>
#include <vector>

#include "failure.h"
#include "kinglet/attention.h"

namespace kinglet::host {
namespace {

std::vector<std::string> pieces(const Opened& opened, bool target, std::span<const std::int32_t> ids) {
  const fb::Model& root = opened.root();
  const fb::Tokenizer* tables =
      target && root.target_tokenizer() != nullptr ? root.target_tokenizer() : root.tokenizer();
  const Tokenizer tokenizer = value_of(opened.path(), Tokenizer::open(*tables));
  std::vector<std::string> texts;
  for (const std::int32_t id : ids) texts.emplace_back(tokenizer.piece(id));
  return texts;
}

// How the regions of a picture lie in it.
void find_regions(const fb::Model& root, AttentionPicture& picture) {
  for (const fb::Operator* op : *root.encode()->operators()) {
    const fb::Regions* regions = op->body_as_Regions();
    if (regions == nullptr) continue;
    const fb::Size& grid = *root.encode()->values()->Get(static_cast<std::uint32_t>(regions->input()))->grid();
    picture.region_rows = grid.height();
    picture.region_columns = grid.width();
    if (regions->before() >= 0)
      picture.regions_before = root.weights()->Get(static_cast<std::uint32_t>(regions->before()))->rows();
  }
}

Status run(Session& session, const AttentionTexts& texts) {
  const Chunk read{.sequence = 0, .tokens = texts.source, .types = {}, .want = Want::kNone, .grid = texts.grid};
  if (auto s = session.encode({&read, 1}); !s.ok()) return s;
  const std::uint32_t most = session.plan().limits.rows;
  for (std::size_t done = 0; done < texts.decoder_input.size(); done += most) {
    const auto part = texts.decoder_input.subspan(done);
    const auto now = part.first(part.size() < most ? part.size() : most);
    const Chunk step{.sequence = 0, .tokens = now, .types = {}, .want = Want::kLast, .grid = {}};
    if (auto s = session.step({&step, 1}); !s.ok()) return s;
  }
  return {};
}

}  // namespace

AttentionPicture capture_attention(const Opened& opened, const Common& common, const AttentionTexts& texts) {
  const bool grid = opened.root().input() != nullptr;
  const auto source = grid ? opened.root().source() : static_cast<std::uint32_t>(texts.source.size());
  const auto target = static_cast<std::uint32_t>(texts.decoder_input.size());
  Engine engine(opened, common, {.context = target, .source = source});
  AttentionPicture picture;
  picture.title = opened.name();
  if (grid) find_regions(opened.root(), picture);
  if (!grid) picture.source = pieces(opened, false, texts.source);
  for (std::uint32_t i = 0; grid && i < source; ++i) picture.source.push_back("region " + std::to_string(i + 1));
  picture.decoder_input = pieces(opened, true, texts.decoder_input);
  for (std::size_t i = 1; i < target; ++i) picture.target.push_back(picture.decoder_input[i]);
  picture.target.push_back(texts.last < 0 ? "…" : pieces(opened, true, {&texts.last, 1}).front());

  std::vector<AttentionCapture> captures;
  for (std::uint32_t i = 0; i < attention_count(opened.model()); ++i) {
    const AttentionInfo info = attention_info(opened.model(), i);
    AttentionLayer layer{
        .name = info.name, .kind = info.kind, .heads = info.heads, .rows = 0, .columns = 0, .weights = {}};
    layer.rows = info.kind == AttentionKind::kEncoder ? source : target;
    layer.columns = info.kind == AttentionKind::kSelf ? target : source;
    layer.weights.resize(std::size_t{layer.heads} * layer.rows * layer.columns);
    captures.push_back({.attention = i, .sequence = 0, .rows = layer.rows, .columns = layer.columns, .weights = {}});
    picture.layers.push_back(std::move(layer));
  }
  for (std::size_t i = 0; i < captures.size(); ++i) captures[i].weights = picture.layers[i].weights;
  if (captures.empty()) throw Failure(opened.path() + ": this model has no attention to draw: leave --attention out");
  require(opened.path(), engine.session().capture(captures));
  require(opened.path(), run(engine.session(), texts));
  return picture;
}

}  // namespace kinglet::host
