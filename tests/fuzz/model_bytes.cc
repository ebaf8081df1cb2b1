#include "tests/fuzz/model_bytes.h"

#include <cstring>
#include <functional>
#include <memory>

#include "base/align.h"
#include "model/rules.h"
#include "model/structure.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/numbers.h"

namespace kinglet::fuzz {
namespace {

using kinglet::testing::AlignedBytes;

constexpr std::size_t kMostWeights = std::size_t{1} << 20, kMostProgram = std::size_t{1} << 20;

const fb::Model& root_of(std::span<const std::byte> program) { return *fb::GetSizePrefixedModel(program.data()); }

bool is_flatbuffer(std::span<const std::byte> aligned) {
  return verify_structure(reinterpret_cast<const std::uint8_t*>(aligned.data()), aligned.size()) &&
         root_of(aligned).version() == rules::kVersion;  // of another version only that was looked at
}

// ---------------------------------------------------------------- numbers of a program

std::uint64_t read(std::span<const std::byte> program, const Number& number) {
  std::uint64_t value = 0;  // of a little-endian machine, as the fuzzers' are
  std::memcpy(&value, program.data() + number.at, number.bytes);
  return value;
}

std::uint64_t another(std::uint64_t value, const std::vector<Number>& all, std::span<const std::byte> program,
                      Inputs& inputs) {
  constexpr std::uint32_t kFloats[] = {0x7fc00000U, 0x7f800000U, 0xff800000U, 1U,
                                       0x80000000U, 0x7f7fffffU, 0xbf800000U};
  const std::uint64_t power = std::uint64_t{1} << inputs.below(40);
  switch (inputs.below(11)) {
    case 0: return inputs.below(8);
    case 1: return ~std::uint64_t{0};
    case 2: return value + 1;
    case 3: return value - 1;
    case 4: return value * 2;
    case 5: return value / 2;
    case 6: return power;
    case 7: return power - 1;
    case 8: return kFloats[inputs.below(std::size(kFloats))];
    case 9: return read(program, all[inputs.below(static_cast<std::uint32_t>(all.size()))]);
    default: return value ^ (std::uint64_t{1} << inputs.below(32));
  }
}

// One number becomes another one; now and then with all that are equal to it, as a width is in many places.
void change_number(std::span<std::byte> program, Inputs& inputs) {
  const Numbers numbers(program);
  const auto& all = numbers.elements.empty() || !inputs.one_in(4) ? numbers.fields : numbers.elements;
  const Number chosen = all[inputs.below(static_cast<std::uint32_t>(all.size()))];
  const std::uint64_t before = read(program, chosen), after = another(before, all, program, inputs);
  const bool everywhere = chosen.bytes == 4 && before > 4 && before < (1U << 20) && inputs.one_in(2);
  for (const Number& number : numbers.fields) {
    if (everywhere && number.bytes == 4 && read(program, number) == before)
      std::memcpy(program.data() + number.at, &after, 4);
  }
  std::memcpy(program.data() + chosen.at, &after, chosen.bytes);
}

// ---------------------------------------------------------------- lists of a program

template <class T>
T copy_of(const T& value) {
  return value;
}
template <class T>
std::unique_ptr<T> copy_of(const std::unique_ptr<T>& value) {
  return value == nullptr ? nullptr : std::make_unique<T>(*value);
}

// A list's new element; one that is a table has to be there.
template <class T>
void make(T&) {}
template <class T>
void make(std::unique_ptr<T>& table) {
  table = std::make_unique<T>();
}

// All lists and optional tables of a model, each as something that can be done to it.
class Changes {
 public:
  Changes(fb::ModelT& model, Inputs& inputs) : inputs_(inputs) {
    lists(model.weights, model.states, model.labels, model.properties);
    for (auto* function : {&model.encode, &model.step}) {
      const auto& other = function == &model.step ? model.encode : model.step;
      optional(*function);
      if (*function != nullptr) lists((*function)->values, (*function)->operators, (*function)->operators);
      changes_.push_back([function, &other] { *function = copy_of(other); });
    }
    optional(model.generation);
    if (model.generation != nullptr) {
      lists(model.generation->start, model.generation->stop, model.generation->suppressed,
            model.generation->source_suffix, model.generation->languages, model.generation->suppressed_first);
    }
    for (auto* tokenizer : {&model.tokenizer, &model.target_tokenizer}) {
      optional(*tokenizer);
      if (*tokenizer != nullptr) tokens(**tokenizer);
    }
    changes_.push_back([&model] { model.target_tokenizer.swap(model.tokenizer); });
    changes_.push_back([&model] { model.target_tokenizer = copy_of(model.tokenizer); });
    optional(model.input);
    optional(model.chat);
  }

  void one() { changes_[inputs_.below(static_cast<std::uint32_t>(changes_.size()))](); }

 private:
  template <class... Lists>
  void lists(Lists&... all) {
    (changes_.push_back([this, &list = all] { change(list); }), ...);
  }

  void tokens(fb::TokenizerT& t) {
    lists(t.pieces, t.ends, t.kinds, t.order, t.added, t.passes, t.bytes, t.merge_begin, t.merge_right, t.merge_rank,
          t.merge_result, t.scores, t.before, t.after, t.pair_before, t.pair_between, t.pair_second, t.pair_after);
  }

  template <class T>
  void optional(std::unique_ptr<T>& table) {
    changes_.push_back([&table] {
      if (table == nullptr) table = std::make_unique<T>();
      else table.reset();
    });
  }

  template <class T>
  void change(std::vector<T>& list) {
    const auto size = static_cast<std::uint32_t>(list.size());
    if (size == 0) {
      list.resize(1 + inputs_.below(3));
      for (T& entry : list) make(entry);
      return;
    }
    const auto any = [&] { return list.begin() + static_cast<std::ptrdiff_t>(inputs_.below(size)); };
    switch (inputs_.below(5)) {
      case 0: list.erase(any()); break;
      case 1: std::iter_swap(any(), any()); break;
      case 2: list.clear(); break;
      default: {
        T copy = copy_of(*any());
        list.insert(any(), std::move(copy));
      }
    }
  }

  Inputs& inputs_;
  std::vector<std::function<void()>> changes_;
};

// ---------------------------------------------------------------- packing

std::vector<std::byte> packed(const fb::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);  // so that every number is there to be changed
  builder.FinishSizePrefixed(fb::Model::Pack(builder, &model), fb::ModelIdentifier());
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

// Every weight where its shape asks for, one behind the other.
void lay_out(fb::ModelT& model) {
  constexpr std::uint64_t kAlign = 64, kMostSide = 1U << 20;
  std::uint64_t end = 0;
  const auto take = [&end](std::uint64_t bytes) {
    const fb::Region region(end, bytes);
    end = (end + bytes + kAlign - 1) / kAlign * kAlign;
    return std::make_unique<fb::Region>(region);
  };
  for (auto& weight : model.weights) {
    if (weight->rows > kMostSide || weight->columns > kMostSide) continue;
    const std::uint64_t rows = weight->rows, columns = weight->columns;
    const bool whole = weight->type == fb::WeightType::Float32;
    weight->data = take(whole ? round_up(rows * columns, kLanes) * 4 : round_up(rows, kLanes) * round_up(columns, 4));
    if (weight->scales != nullptr) weight->scales = take(round_up(rows, kLanes) * 4);
  }
  model.segment_bytes = end;
  model.segment = (packed(model).size() + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

std::span<const std::byte> program_of(std::span<const std::byte> file) {
  std::uint32_t size = 0;
  if (file.size() < sizeof size) return file;
  std::memcpy(&size, file.data(), sizeof size);
  return size > file.size() - sizeof size ? file : file.first(size + sizeof size);
}

std::vector<std::byte> with_weights(std::span<const std::byte> file, std::uint32_t seed) {
  std::vector<std::byte> whole(file.begin(), file.end());
  const AlignedBytes program(program_of(file));
  if (!is_flatbuffer(program.span())) return whole;
  const fb::Model& root = root_of(program.span());
  const std::uint64_t size = root.segment() + root.segment_bytes();
  if (root.segment() > kMostWeights || root.segment_bytes() > kMostWeights || size <= whole.size()) return whole;
  const std::size_t begin = whole.size();
  whole.resize(static_cast<std::size_t>(size));
  std::uint32_t random = seed;
  for (std::size_t i = begin; i < whole.size(); ++i) {
    random = random * 1664525U + 1013904223U;
    // As floats these are around a tenth: three bytes of any bits, and the sign with the exponent.
    const bool top = seed % 4 != 0 && (i - root.segment()) % 4 == 3;
    whole[i] = static_cast<std::byte>(top ? 0x3dU | (random >> 24U & 0x80U) : random >> 24U);
  }
  return whole;
}

std::vector<std::byte> changed_program(std::span<const std::byte> file, std::uint32_t seed) {
  AlignedBytes before(program_of(file));
  if (before.span().size() > kMostProgram || !is_flatbuffer(before.span())) return {};
  Inputs inputs(seed);
  fb::ModelT model;
  root_of(before.span()).UnPackTo(&model);
  if (inputs.one_in(3)) Changes(model, inputs).one();
  AlignedBytes made(packed(model));
  for (std::uint32_t i = 0, count = 1 + inputs.below(2); i < count; ++i) {
    change_number(made.span(), inputs);
    if (!is_flatbuffer(made.span())) break;  // an operator became another one, without what that one needs
  }
  if (inputs.one_in(8) || !is_flatbuffer(made.span())) return {made.span().begin(), made.span().end()};
  fb::ModelT last;
  root_of(made.span()).UnPackTo(&last);
  lay_out(last);
  return packed(last);
}

}  // namespace kinglet::fuzz
