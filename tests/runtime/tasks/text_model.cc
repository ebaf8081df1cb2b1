#include "tests/runtime/tasks/text_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace kinglet::testing {

std::vector<std::byte> changed(std::span<const std::byte> file, const std::function<void(fb::ModelT&)>& change) {
  constexpr std::size_t kAlign = 64;
  const fb::Model& root = *fb::GetSizePrefixedModel(file.data());
  const std::span<const std::byte> segment = file.subspan(root.segment(), root.segment_bytes());
  fb::ModelT model;
  root.UnPackTo(&model);
  change(model);
  model.segment = 0;
  std::vector<std::byte> bytes;
  for (int pass = 0; pass < 2; ++pass) {  // the first tells how long the program is
    flatbuffers::FlatBufferBuilder builder;
    builder.FinishSizePrefixed(fb::Model::Pack(builder, &model), fb::ModelIdentifier());
    const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    bytes.assign(begin, begin + builder.GetSize());
    if (model.segment == 0) model.segment = (bytes.size() + 2 * kAlign - 1) / kAlign * kAlign;
  }
  bytes.resize(model.segment);
  bytes.insert(bytes.end(), segment.begin(), segment.end());
  return bytes;
}

std::unique_ptr<fb::TokenizerT> letters(std::uint32_t tokens) {
  std::vector<std::string> pieces = {"<s>", "</s>"};
  for (char c = 'a'; c <= 'z'; ++c) pieces.emplace_back(1, c);
  for (const char* piece : {" ", "\n", "\xEA", "\xB0", "\x80"}) pieces.emplace_back(piece);
  for (char c = 'a'; pieces.size() < tokens; ++c) pieces.push_back({c, static_cast<char>(c + 1)});
  pieces.resize(tokens);
  auto made = std::make_unique<fb::TokenizerT>();
  made->bytes.assign(256, -1);
  for (std::uint32_t id = 0; id < tokens; ++id) {
    made->pieces.insert(made->pieces.end(), pieces[id].begin(), pieces[id].end());
    made->ends.push_back(static_cast<std::uint32_t>(made->pieces.size()));
    made->kinds.push_back(id < 2 ? fb::TokenKind::Special : fb::TokenKind::Text);
    if (pieces[id].size() == 1) made->bytes[static_cast<std::uint8_t>(pieces[id][0])] = static_cast<std::int32_t>(id);
  }
  made->order.resize(tokens);
  std::iota(made->order.begin(), made->order.end(), 0U);
  std::sort(made->order.begin(), made->order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return pieces[a] < pieces[b]; });
  made->tokens = tokens;
  for (const std::uint32_t id : {1U, 0U}) {
    auto added = std::make_unique<fb::AddedTokenT>();
    added->id = id;
    added->text.assign(pieces[id].begin(), pieces[id].end());
    added->special = true;
    made->added.push_back(std::move(added));
  }
  made->model = fb::TokenModel::Bpe;
  made->byte_level = true;
  made->merge_begin.assign(tokens + 1, 0);
  made->prefix = fb::Prefix::Never;
  made->split = fb::Split::Whole;
  return made;
}

std::vector<std::int32_t> ids(std::string_view text) {
  std::vector<std::int32_t> result;
  for (const char c : text) result.push_back(c == ' ' ? 28 : (c == '\n' ? 29 : c - 'a' + 2));
  return result;
}

std::vector<std::byte> text_decoder(const std::function<void(fb::ModelT&)>& change) {
  return changed(tiny_decoder(), [&](fb::ModelT& model) {
    model.tokenizer = letters(model.vocabulary);
    model.tokenizer->before = {kStart};
    model.generation = std::make_unique<fb::GenerationT>();
    model.generation->stop = {kEnd};
    if (change) change(model);
  });
}

std::vector<std::byte> text_translator(const std::function<void(fb::ModelT&)>& change) {
  return changed(tiny_encoder_decoder(), [&](fb::ModelT& model) {
    model.tokenizer = letters(model.vocabulary);
    model.generation = std::make_unique<fb::GenerationT>();
    model.generation->start = {kStart};
    model.generation->stop = {kEnd};
    model.generation->source_suffix = {kEnd};
    if (change) change(model);
  });
}

std::vector<std::byte> text_encoder(const std::function<void(fb::ModelT&)>& change) {
  return changed(tiny_encoder(), [&](fb::ModelT& model) {
    model.tokenizer = letters(model.source_vocabulary);
    model.tokenizer->before = model.tokenizer->pair_before = {kStart};
    model.tokenizer->after = model.tokenizer->pair_between = model.tokenizer->pair_after = {kEnd};
    model.tokenizer->second_type = 1;
    if (change) change(model);
  });
}

Running::Running(const std::vector<std::byte>& bytes, const Limits& limits, const SessionOptions& options)
    : file(bytes) {
  auto opened = Model::open(file.span());
  EXPECT_TRUE(opened.ok()) << opened.status().message() << " (" << opened.status().subject() << ")";
  model = *opened;
  auto planned = Plan::make(model, limits);
  EXPECT_TRUE(planned.ok()) << planned.status().message();
  plan = *planned;
  arena = AlignedBytes(plan.arena_bytes);
  auto made = Session::create(plan, arena.span(), options);
  EXPECT_TRUE(made.ok()) << made.status().message();
  session = *made;
}

TextSink Kept::sink() {
  return {.write =
              [](void* self, std::string_view more) {
                Kept& kept = *static_cast<Kept*>(self);
                kept.text += more;
                kept.pieces.emplace_back(more);
                return kept.pieces.size() < kept.most;
              },
          .context = this};
}

}  // namespace kinglet::testing
