// The C API says of models, plans and sessions what the C++ API says, to the last bit.
#include "kinglet/session.h"

#include <gtest/gtest.h>

#include <vector>

#include "kinglet/attention.h"
#include "kinglet/chat.h"
#include "tests/runtime/capi/tape.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::Running;
using testing::Tape;
using testing::tape_of;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

void tape_list(Tape& tape, const flatbuffers::Vector<std::int32_t>* list) {
  std::vector<std::int32_t> values;
  if (list != nullptr) values.assign(list->begin(), list->end());
  tape.list(std::span<const std::int32_t>(values));
}

void tape_operators(Tape& tape, const fb::Function* function) {
  if (function == nullptr) return;
  for (const fb::Operator* op : *function->operators()) {
    tape.text(view(op->name()));
    tape.text(fb::EnumNameBody(op->body_type()));
  }
}

void tape_limits(Tape& tape, const Limits& l) {
  tape.status(Status{});
  for (const auto x : {l.context, l.source, l.rows, l.source_rows, l.outputs, l.sequences, l.sources, l.threads})
    tape.value(x);
}

std::vector<unsigned char> described(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  const Model& model = running.model;
  const fb::Model& root = model.root();
  const fb::Generation* generation = root.generation();
  tape.status(model.verify_checksums());
  tape.status(Status{});
  tape.text(view(root.name()));
  tape.text(view(root.architecture()));
  tape.number(file.size());
  tape.number(root.segment_bytes());
  tape.number(root.version());
  tape.number(static_cast<std::uint64_t>(root.task()));
  for (const auto x : {root.context(), root.source(), root.vocabulary(), root.source_vocabulary(), root.types()})
    tape.number(x);
  tape.number(model.has_encoder());
  tape.number(model.has_decoder());
  tape.number(root.tokenizer() != nullptr);
  tape.number(root.target_tokenizer() != nullptr);
  tape.number(Chat::has_template(model));
  tape.number(root.weights()->size());
  tape.number(static_cast<std::uint64_t>(std::int64_t{generation == nullptr ? -1 : generation->forced()}));
  tape.number(static_cast<std::uint64_t>(std::int64_t{generation == nullptr ? -1 : generation->padding()}));
  if (root.labels() != nullptr) {
    for (const auto* label : *root.labels()) tape.text(view(label));
  }
  if (root.properties() != nullptr) {
    for (const auto* property : *root.properties()) {
      tape.text(view(property->key()));
      tape.text(view(property->text()));
    }
  }
  tape_list(tape, generation == nullptr ? nullptr : generation->start());
  tape_list(tape, generation == nullptr ? nullptr : generation->stop());
  tape_list(tape, generation == nullptr ? nullptr : generation->suppressed());
  tape_list(tape, generation == nullptr ? nullptr : generation->source_suffix());
  tape_operators(tape, root.encode());
  tape_operators(tape, root.step());
  for (std::uint32_t i = 0; i < attention_count(model); ++i) {
    const AttentionInfo info = attention_info(model, i);
    tape.status(Status{});
    tape.text(info.name);
    tape.number(static_cast<std::uint64_t>(info.kind));
    tape.number(info.heads);
  }
  tape.status(Status{});
  tape.number(running.plan.arena_bytes);
  tape.number(running.plan.tables_bytes);
  tape.number(running.plan.states_bytes);
  tape.number(running.plan.working_bytes);
  tape_limits(tape, running.plan.limits);
  tape_limits(tape, running.plan.limits);
  for (const Isa& isa : isas()) {
    tape.status(Status{});
    tape.text(isa.name);
    tape.number(isa.available);
  }
  tape.text(running.session->isa());
  return tape.bytes();
}

void tape_outputs(Tape& tape, const Session& session) {
  tape.number(session.outputs());
  for (std::uint32_t i = 0; i < session.outputs(); ++i) tape.list(session.output(i));
}

void backwards(void* context, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
  ++*static_cast<std::uint32_t*>(context);
  while (count > 0) fn(arg, --count);
}

void observe(void* context, const Observation& seen) {
  Tape& tape = *static_cast<Tape*>(context);
  for (const std::uint32_t x : {seen.encode ? 1U : 0U, seen.op, seen.first_row, seen.rows, seen.width}) tape.number(x);
  std::vector<float> row(512);
  if (seen.rows == 0 || seen.width == 0 || seen.width > row.size()) return;
  seen.read(seen.rows - 1, row);
  tape.number(0);  // the code
  tape.raw(std::span<const float>(row).first(seen.width));
}

std::vector<unsigned char> stepped(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  std::uint32_t calls = 0;
  Running running(file, limits,
                  {.isa = "portable",
                   .features = {},
                   .parallel = {.run = backwards, .context = &calls},
                   .observer = {.after = observe, .context = &tape},
                   .cache_bytes = 1 << 20});
  Session& session = *running.session;
  const std::vector<std::int32_t> first = {0, 2, 3, 4, 5}, second = {0, 9, 8}, allowed = {1, 4, 7, 20};
  const std::vector<std::uint32_t> parents = {1, 1, 0};
  const Chunk two[] = {{.sequence = 0, .tokens = first, .types = {}, .want = Want::kAll},
                       {.sequence = 1, .tokens = second, .types = {}, .want = Want::kLast}};
  tape.status(session.step(two));
  tape_outputs(tape, session);
  tape.status(session.reorder(parents));
  tape.number(session.length(2));
  tape.status(session.truncate(2, 4));
  tape.status(session.forget(1));
  tape.status(session.restrict(allowed));
  tape.status(Status{});
  std::vector<float> weights(std::size_t{attention_info(running.model, 0).heads} * 8 * 8);
  const AttentionCapture capture{.attention = 0, .sequence = 2, .rows = 8, .columns = 8, .weights = weights};
  tape.status(Status{});
  tape.status(session.capture({&capture, 1}));
  tape.number(session.captures().size());
  const std::span<const std::int32_t> begin = std::span(first).first(2);
  const Chunk one{.sequence = 2, .tokens = begin, .types = {}, .want = Want::kLast};
  tape.status(session.step({&one, 1}));
  tape_outputs(tape, session);
  tape.raw(std::span<const float>(weights));
  tape.status(session.capture({}));
  tape.status(session.pick(std::span(allowed).first(1)));
  const Chunk next{.sequence = 2, .tokens = begin.first(1), .types = {}, .want = Want::kLast};
  tape.status(session.step({&next, 1}));
  tape.status(session.picked(0).status());
  tape.number(static_cast<std::uint64_t>(*session.picked(0)));
  tape.status(session.picked(1).status());
  session.stop_picking();
  tape.status(session.truncate(2, 6));
  tape.number(session.outputs());
  tape.status(session.restrict({}));
  std::vector<std::int32_t> text;
  for (std::int32_t i = 0; i < 90; ++i) text.push_back(i % 50);
  const Chunk none{.sequence = 2, .tokens = text, .types = {}, .want = Want::kNone};
  tape.status(session.step({&none, 1}));
  tape.number(session.outputs());
  const Chunk wrong{.sequence = 7, .tokens = none.tokens, .types = {}, .want = Want::kNone};
  tape.status(session.step({&wrong, 1}));
  tape.number(calls);
  EXPECT_GT(calls, 0U);
  return tape.bytes();
}

std::vector<unsigned char> encoded(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  const std::vector<std::int32_t> source = {2, 3, 4, 5, 6}, start = {0};
  const std::vector<std::uint8_t> types = {0, 0, 1, 1, 1};
  Chunk chunk{.sequence = 0, .tokens = source, .types = {}, .want = Want::kAll};
  if (running.model.root().types() > 1) chunk.types = types;
  tape.status(Status{});
  tape.status(running.session->encode({&chunk, 1}));
  tape.number(running.session->source_length(0));
  tape_outputs(tape, *running.session);
  if (!running.model.has_decoder()) return tape.bytes();
  chunk = {.sequence = 0, .tokens = start, .types = {}, .want = Want::kAll};
  tape.status(running.session->step({&chunk, 1}));
  tape_outputs(tape, *running.session);
  return tape.bytes();
}

kinglet_limits limits_of(const Limits& l) {
  return {
      sizeof(kinglet_limits), l.context, l.source, l.rows, l.source_rows, l.outputs, l.sequences, l.sources, l.threads};
}

void annotate(fb::ModelT& model) {
  model.name = "tiny";
  model.architecture = "by hand";
  model.labels = {"bad", "good"};
  for (const char* key : {"license", "source"}) {
    auto property = std::make_unique<fb::PropertyT>();
    property->key = key;
    property->text = std::string(key) + " of a test";
    model.properties.push_back(std::move(property));
  }
}

TEST(CSession, ModelsAndPlansSayTheSame) {
  for (const auto& file : {testing::text_decoder(annotate), testing::text_translator(annotate),
                           testing::text_encoder(annotate), testing::tiny_recurrent()}) {
    const Limits limits{.sequences = 3, .threads = 2};
    EXPECT_EQ(tape_of(describe_program, file, limits_of(limits)), described(file, limits));
  }
}

TEST(CSession, ADecoderSteps) {
  const Limits limits{.context = 96, .rows = 96, .outputs = 8, .sequences = 3, .threads = 2};
  const auto file = testing::text_decoder();
  EXPECT_EQ(tape_of(step_program, file, limits_of(limits)), stepped(file, limits));
}

TEST(CSession, EncodersEncode) {
  for (const auto& file : {testing::text_encoder(), testing::text_translator(), testing::tiny_recurrent()}) {
    const Limits limits{.outputs = 8, .sequences = 2};
    EXPECT_EQ(tape_of(encode_program, file, limits_of(limits)), encoded(file, limits));
  }
}

}  // namespace
}  // namespace kinglet
