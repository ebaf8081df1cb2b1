#include "converter/passes/calibration.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "converter/error.h"
#include "converter/passes/dataflow.h"
#include "kinglet/tokenizer.h"

namespace kinglet::converter {
namespace {

constexpr std::string_view kText =
    "The wren is one of the smallest birds, and yet it sings louder than most of them. Il fait froid ce matin, mais le "
    "soleil brille. "
    "작은 새가 나무 위에서 노래한다. Am Abend kehrt sie in ihr Nest zurück. 春天来了,花都开了。 ¿A qué hora sale el "
    "tren de las 7:45? "
    "def add(a, b): return a + b\nВ лесу было тихо и темно. 明日は三時に駅で会いましょう。";

constexpr std::size_t kFew = 16;  // fewer tokens than this are filled up from the vocabulary

// A fixed sequence of well mixed numbers (splitmix64).
std::uint64_t mixed(std::uint64_t n) {
  std::uint64_t z = (n + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void check(const Status& status) {
  if (!status.ok())
    throw Error(std::string("a tokenizer that does not work in the checkpoint (") + status.message() +
                "): check its tokenizer files");
}

std::vector<std::int32_t> tokenize(const fb::TokenizerT& tables, std::string_view text, std::uint32_t vocabulary) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &tables));
  const auto& root = *flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
  check(verify_tokenizer(root, vocabulary));
  const auto tokenizer = Tokenizer::open(root);
  check(tokenizer.status());
  std::vector<std::byte> scratch(tokenizer->scratch_bytes(text.size()));
  std::vector<std::int32_t> ids(text.size() * 4 + 64);
  const auto count = tokenizer->encode(text, {.parse = false, .add = true}, scratch, ids);
  check(count.status());
  ids.resize(*count);
  return ids;
}

// Most rows a recording may have: all results of all operators are held at once.
std::size_t most_rows(const fb::ModelT& model, std::size_t wanted) {
  constexpr std::size_t kMostFloats = std::size_t{128} << 20U;
  std::size_t width = 0;
  for (const fb::FunctionT* function : functions(model)) {
    for (const auto& value : function->values) width += value->width;
  }
  return std::clamp<std::size_t>(kMostFloats / std::max<std::size_t>(width, 1), 8, wanted);
}

struct Side {
  const fb::TokenizerT* tokenizer;
  std::uint32_t vocabulary;
  std::uint32_t positions;
  std::vector<std::int32_t> before;
  std::vector<std::int32_t> after;
};

// `before`, the tokens of the text, `after`, in at most `most` tokens.
std::vector<std::int32_t> tokens_of(const Side& side, std::string_view text, std::size_t most, bool fill) {
  std::vector<std::int32_t> ids;
  if (side.tokenizer != nullptr) {
    ids = tokenize(*side.tokenizer, text, side.vocabulary);
    const std::int32_t unknown = side.tokenizer->unknown;
    if (fill) std::erase(ids, unknown);  // scripts that a model never saw teach nothing about it
  }
  if (!side.before.empty() && (ids.empty() || ids.front() != side.before.front()))
    ids.insert(ids.begin(), side.before.begin(), side.before.end());
  const std::size_t room = std::min<std::size_t>(most, side.positions);
  const std::size_t reserved = std::min(side.after.size(), room - 1);
  if (fill && ids.size() < kFew) {
    for (std::uint64_t i = ids.size(); i < most; ++i)
      ids.push_back(static_cast<std::int32_t>(mixed(i) % side.vocabulary));
  }
  ids.resize(std::min(ids.size(), room - reserved));
  ids.insert(ids.end(), side.after.begin(), side.after.begin() + static_cast<std::ptrdiff_t>(reserved));
  return ids;
}

std::vector<std::int32_t> decoder_tokens(const fb::ModelT& model, std::string_view text, std::size_t most, bool fill) {
  std::vector<std::int32_t> before;
  if (model.generation) {
    before = model.generation->start;
    if (!model.generation->languages.empty()) {
      const auto& language = model.generation->languages.front()->tokens;
      before.insert(before.end(), language.begin(), language.end());
    }
    if (model.generation->forced >= 0) before.push_back(model.generation->forced);
  }
  const fb::TokenizerT* target = model.target_tokenizer ? model.target_tokenizer.get() : model.tokenizer.get();
  return tokens_of({target, model.vocabulary, model.context, before, {}}, text, most, fill);
}

// A picture of no thing: blobs of every size in every channel, as bytes where the model reads these. Natural pictures have about as much
// of each scale.
std::vector<float> synthetic_grid(const Program& program) {
  const fb::InputT& input = *program.model.input;
  const std::uint32_t height = input.grid->height(), width = input.grid->width(), channels = input.channels;
  std::vector<float> made(std::size_t{height} * width * channels);
  const auto noise = [](std::uint64_t n) { return static_cast<float>(mixed(n) >> 40U) / 0x1p24F; };
  const auto lattice = [&](std::uint32_t octave, std::uint32_t y, std::uint32_t x, std::uint32_t c) {
    return noise(((std::uint64_t{octave} * 8191 + y) * 8191 + x) * 8191 + c);
  };
  constexpr std::uint32_t kOctaves = 6;
  for (std::uint32_t octave = 0; octave < kOctaves; ++octave) {
    const float step = static_cast<float>(1U << octave) * 2;  // places between two points
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        const float v = static_cast<float>(y) / step, u = static_cast<float>(x) / step;
        const auto i = static_cast<std::uint32_t>(v), j = static_cast<std::uint32_t>(u);
        const float down = v - static_cast<float>(i), right = u - static_cast<float>(j);
        for (std::uint32_t c = 0; c < channels; ++c) {
          const float above = lattice(octave, i, j, c) * (1 - right) + lattice(octave, i, j + 1, c) * right;
          const float below = lattice(octave, i + 1, j, c) * (1 - right) + lattice(octave, i + 1, j + 1, c) * right;
          made[(std::size_t{y} * width + x) * channels + c] += (above * (1 - down) + below * down - 0.5F) * 0.5F;
        }
      }
    }
  }
  std::vector<float> gain, shift;
  if (input.gain >= 0) {
    gain = program.sources[static_cast<std::size_t>(input.gain)].floats();
    shift = program.sources[static_cast<std::size_t>(input.shift)].floats();
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::size_t c = i % channels;
    if (gain.empty()) made[i] *= 2;
    else made[i] = gain[c] * std::round(std::clamp(made[i] + 0.5F, 0.0F, 1.0F) * 255) + shift[c];
  }
  return made;
}

ReferenceInput make_input(const Program& program, std::string_view text, std::size_t wanted, bool fill) {
  const fb::ModelT& model = program.model;
  const std::size_t most = most_rows(model, wanted);
  const fb::GenerationT none;
  const fb::GenerationT& generation = model.generation ? *model.generation : none;
  ReferenceInput input;
  if (model.input) {
    input.features = synthetic_grid(program);
    if (model.step) input.decoder_tokens = decoder_tokens(model, text, most, fill);
    return input;
  }
  if (!model.encode) {
    input.tokens =
        tokens_of({model.tokenizer.get(), model.vocabulary, model.context, generation.start, {}}, text, most, fill);
    return input;
  }
  input.tokens = tokens_of({model.tokenizer.get(), model.source_vocabulary, model.source, {}, generation.source_suffix},
                           text, most, fill);
  if (!model.step) return input;
  input.decoder_tokens = decoder_tokens(model, text, most, fill);
  return input;
}

void check_tokenizer(const Program& program) {
  if (!program.model.tokenizer)
    throw Error("no tokenizer in the checkpoint: a text cannot be compared, leave --text out");
}

}  // namespace

ReferenceInput calibration_input(const Program& program) { return make_input(program, kText, 64, true); }

ReferenceInput text_input(const Program& program, std::string_view text) {
  check_tokenizer(program);
  ReferenceInput input = make_input(program, text, 512, false);
  if (input.tokens.empty() || (program.model.step && program.model.encode && input.decoder_tokens.empty())) {
    throw Error("no token in the text: give a longer one");
  }
  return input;
}

std::vector<std::int32_t> start_tokens(const Program& program) {
  const fb::ModelT& model = program.model;
  if (model.generation && !model.generation->start.empty()) return model.generation->start;
  if (!model.tokenizer) return {};
  std::vector<std::int32_t> ids = tokenize(*model.tokenizer, "", model.vocabulary);
  // What it puts behind a text is no part of a beginning.
  const std::vector<std::int32_t> stops = model.generation ? model.generation->stop : std::vector<std::int32_t>{};
  while (ids.size() > 1 && std::find(stops.begin(), stops.end(), ids.back()) != stops.end()) ids.pop_back();
  return ids;
}

std::vector<std::int32_t> text_tokens(const Program& program, std::string_view text) {
  check_tokenizer(program);
  std::vector<std::int32_t> ids = tokenize(*program.model.tokenizer, text, program.model.vocabulary);
  const std::vector<std::int32_t> start = start_tokens(program);
  const bool begun = ids.size() >= start.size() && std::equal(start.begin(), start.end(), ids.begin());
  if (!begun) ids.insert(ids.begin(), start.begin(), start.end());
  return ids;
}

}  // namespace kinglet::converter
