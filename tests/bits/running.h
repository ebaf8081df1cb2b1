// A session of a job's model in the job's memory, and where its numbers go: what cpp_program.cc and deeper.cc share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "tests/bits/job.h"

namespace kinglet::bits {

inline std::span<const std::int32_t> tokens_of(const kinglet_tokens& tokens) { return {tokens.data, tokens.count}; }

inline kinglet_status c_status(Status status) {
  return {status.subject(), status.message(), static_cast<kinglet_code>(status.code())};
}

class Running {
 public:
  explicit Running(const bits_job& of) : job(of), free_(static_cast<std::byte*>(of.memory), of.memory_bytes) {}

  Status start();
  std::span<std::byte> take(std::size_t bytes);        // at a multiple of 64; empty: so much is not left
  std::span<std::byte> room() const { return free_; }  // what is not taken

  std::span<const bits_case> cases() const { return {job.cases, job.case_count}; }
  std::span<const kinglet_text> texts() const { return {job.texts, job.text_count}; }
  std::span<const std::int32_t> stepped(const bits_case& input) const {
    return tokens_of(model.has_encoder() ? input.decoder_tokens : input.tokens);
  }

  void add(std::uint32_t number) const { job.add(job.context, &number, sizeof number); }
  void add(std::span<const float> floats) const { job.add(job.context, floats.data(), floats.size_bytes()); }
  void add(std::span<const std::int32_t> tokens) const {
    add(static_cast<std::uint32_t>(tokens.size()));
    job.add(job.context, tokens.data(), tokens.size_bytes());
  }
  void add(std::string_view text) const {
    add(static_cast<std::uint32_t>(text.size()));
    job.add(job.context, text.data(), text.size());
  }
  Status add_logits() const;  // of the last call

  // The encoder over one case, then the decoder in chunks; after_call() returns a Status.
  template <class AfterCall>
  Status run_case(const bits_case& input, const AfterCall& after_call) {
    if (model.has_decoder()) {
      if (auto s = session->forget(0); !s.ok()) return s;
    }
    if (model.has_encoder()) {
      const std::span<const std::int32_t> tokens = tokens_of(input.tokens);
      const std::span<const std::uint8_t> types(input.types, input.types != nullptr ? tokens.size() : 0);
      const Grid grid{.bytes = {}, .features = {input.grid.features, input.grid.count}};
      const Chunk all{.sequence = 0, .tokens = tokens, .types = types, .want = Want::kAll, .grid = grid};
      if (auto s = session->encode({&all, 1}); !s.ok()) return s;
      if (!model.has_decoder()) return after_call();
    }
    for (auto tokens = stepped(input); !tokens.empty();) {
      const std::size_t rows = job.chunk != 0 && job.chunk < tokens.size() ? job.chunk : tokens.size();
      const Chunk next{.sequence = 0, .tokens = tokens.first(rows), .types = {}, .want = Want::kAll, .grid = {}};
      if (auto s = session->step({&next, 1}); !s.ok()) return s;
      if (auto s = after_call(); !s.ok()) return s;
      tokens = tokens.subspan(rows);
    }
    return {};
  }

  const bits_job& job;
  Model model;
  Session* session = nullptr;

 private:
  std::span<std::byte> free_;
};

// after_call(index of the case)
template <class AfterCall>
Status run_cases(Running& r, const AfterCall& after_call) {
  for (std::size_t i = 0; i < r.cases().size(); ++i) {
    if (auto s = r.run_case(r.cases()[i], [&] { return after_call(i); }); !s.ok()) return s;
  }
  return {};
}

// What only the C++ program does, behind either of the two: attention weights, shortlists, searches over tokens.
Status deeper(const bits_job& job);

}  // namespace kinglet::bits
