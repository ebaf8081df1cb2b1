// kinglet logits: the model's raw output for token ids, at all positions. With --digest the same bits give the same line.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string_view>

#include "audio/sound.h"
#include "commands/commands.h"
#include "failure.h"
#include "json.h"
#include "npy.h"
#include "pictures/picture.h"
#include "sha256.h"
#include "text.h"

namespace kinglet::host {
namespace {

constexpr std::int32_t kLargestToken = std::numeric_limits<std::int32_t>::max();

struct Options {
  Common common;
  std::string token_list, decoder_list, type_list;  // as they were typed
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> decoder_tokens;
  std::vector<std::uint8_t> types;
  std::uint32_t chunk = 0;
  std::string image, audio;
  std::string output;
  bool digest = false;
};

struct Output {
  std::size_t width = 0;
  std::vector<float> values;  // [positions, width]
  std::size_t positions() const { return width == 0 ? 0 : values.size() / width; }
  std::span<const float> row(std::size_t index) const {
    return std::span<const float>(values).subspan(index * width, width);
  }
};

void collect(const Session& session, Output& output) {
  for (std::uint32_t i = 0; i < session.outputs(); ++i) {
    const auto row = session.output(i);
    output.width = row.size();
    output.values.insert(output.values.end(), row.begin(), row.end());
  }
}

// What `step` reads: the tokens of a decoder-only model, else the decoder's.
const std::vector<std::int32_t>& stepped(const Opened& opened, const Options& options) {
  return opened.model().has_encoder() ? options.decoder_tokens : options.tokens;
}

// Numbers in [0, most], separated by commas or white space; "-" is stdin.
template <class Number>
std::vector<Number> parse(const std::string& option, std::string list, long most) {
  if (list == "-") list = Lines().all();
  std::vector<Number> numbers;
  const char* at = list.data();
  const char* const end = at + list.size();
  const auto skip = [&] {
    while (at != end && std::string_view(" \t\r\n,").find(*at) != std::string_view::npos) ++at;
  };
  for (skip(); at != end; skip()) {
    long number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc() || number < 0 || number > most)
      throw Misuse(option + ": \"" + std::string(at, std::min(end, at + 20)) + "\" is no number in 0 .. " +
                   std::to_string(most));
    at = read.ptr;
    numbers.push_back(static_cast<Number>(number));
  }
  return numbers;
}

void read_tokens(Options& options) {
  options.tokens = parse<std::int32_t>("--tokens", options.token_list, kLargestToken);
  options.decoder_tokens = parse<std::int32_t>("--decoder-tokens", options.decoder_list, kLargestToken);
  options.types = parse<std::uint8_t>("--types", options.type_list, 255);
}

void check_tokens(const Opened& opened, const Options& options) {
  const bool both = opened.model().has_encoder() && opened.model().has_decoder();
  const bool grid = opened.root().input() != nullptr;
  const bool hears = grid && opened.root().input()->sound() != nullptr;
  const std::string wanted = hears ? "--audio" : "--image", things = hears ? "sounds" : "pictures";
  if (grid && (hears ? options.audio : options.image).empty())
    throw Misuse(wanted + " is missing: this model reads " + things);
  if (!grid && !(options.image + options.audio).empty())
    throw Misuse("--image and --audio: this model reads tokens: give --tokens");
  if (grid && !options.tokens.empty()) throw Misuse("--tokens: this model reads " + things + ": give --decoder-tokens");
  if (!grid && options.tokens.empty()) throw Misuse("--tokens is missing: give token ids, as 1,2,3");
  if (both && options.decoder_tokens.empty()) throw Misuse("--decoder-tokens is missing: this model has a decoder");
  if (!options.types.empty() && options.types.size() != options.tokens.size())
    throw Misuse("--types: give as many as tokens");
  if (!both && !options.decoder_tokens.empty())
    throw Misuse("--decoder-tokens: this model has only one side: give --tokens");
}

Limits limits_for(const Opened& opened, const Options& options) {
  constexpr std::uint32_t kRows = 128;
  Limits limits;
  if (opened.root().input() != nullptr) limits.source = opened.root().source();
  else if (opened.model().has_encoder()) limits.source = static_cast<std::uint32_t>(options.tokens.size());
  if (!opened.model().has_decoder()) {
    limits.outputs = limits.source;
    return limits;
  }
  const std::uint32_t count = static_cast<std::uint32_t>(stepped(opened, options).size());
  limits.context = options.common.context != 0 ? options.common.context : count;
  limits.rows = limits.outputs = std::min(options.chunk != 0 ? options.chunk : kRows, count);
  return limits;
}

Output compute(const Opened& opened, const Options& options) {
  Engine engine(opened, options.common, limits_for(opened, options));
  Session& session = engine.session();
  const std::string& file = options.common.file;
  Output output;
  if (opened.model().has_encoder()) {
    Pixels pixels;
    std::vector<float> features;
    const fb::Input* input = opened.root().input();
    if (input != nullptr && input->sound() != nullptr) {
      Listener listener(file, input);
      features = listener.features(read_sound(options.audio, listener.rate()));
    } else if (input != nullptr) {
      pixels = input_picture(options.image, *input);
    }
    const Chunk chunk{.sequence = 0,
                      .tokens = options.tokens,
                      .types = options.types,
                      .want = Want::kAll,
                      .grid = {.bytes = pixels.bytes, .features = features}};
    require(file, session.encode({&chunk, 1}));
    if (!opened.model().has_decoder()) collect(session, output);
  }
  if (!opened.model().has_decoder()) return output;
  const std::span<const std::int32_t> tokens = stepped(opened, options);
  for (std::size_t done = 0; done < tokens.size();) {
    const std::size_t rows = std::min<std::size_t>(engine.plan().limits.rows, tokens.size() - done);
    const std::span<const std::uint8_t> all =
        opened.model().has_encoder() ? std::span<const std::uint8_t>{} : options.types;
    const auto types = all.empty() ? all : all.subspan(done, rows);
    const Chunk chunk{
        .sequence = 0, .tokens = tokens.subspan(done, rows), .types = types, .want = Want::kAll, .grid = {}};
    require(file, session.step({&chunk, 1}));
    collect(session, output);
    done += rows;
  }
  return output;
}

// The bytes of the floats, lowest first, whatever the machine's own order.
std::vector<std::byte> little_endian(const Output& output) {
  std::vector<std::byte> bytes;
  bytes.reserve(output.values.size() * sizeof(float));
  for (const float x : output.values) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::byte>(bits >> shift));
  }
  return bytes;
}

std::vector<std::size_t> highest(std::span<const float> row, std::size_t most) {
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  most = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                    [&](std::size_t a, std::size_t b) { return row[a] > row[b] || (row[a] == row[b] && a < b); });
  order.resize(most);
  return order;
}

bool show(const Output& output) {
  for (std::size_t p = 0; p < output.positions(); ++p) {
    std::string line = std::to_string(p);
    for (const std::size_t token : highest(output.row(p), 5)) {
      char entry[64];
      std::snprintf(entry, sizeof(entry), "\t%zu %.4f", token, static_cast<double>(output.row(p)[token]));
      line += entry;
    }
    if (!print(line + "\n")) return false;
  }
  return true;
}

int logits(Options& options) {
  if (lists_isas(options.common)) return 0;
  read_tokens(options);
  check_output(options.output, std::array{options.common.file, options.image, options.audio});
  const Opened opened(options.common.file);
  check_tokens(opened, options);
  const Output output = compute(opened, options);
  const std::vector<std::byte> bytes = little_endian(output);
  if (!options.output.empty()) {
    const std::string head = npy_head(output.positions(), output.width);
    write_file(options.output, std::as_bytes(std::span(head)), bytes);
  }
  Sha256 digest;
  digest.add(bytes);
  if (options.common.json) {
    Json json{{"positions", output.positions()}, {"width", output.width}, {"digest", digest.hex().data()}};
    for (std::size_t p = 0; p < output.positions(); ++p) {
      const std::size_t best = highest(output.row(p), 1).front();
      append(json, "highest", {{"token", best}, {"logit", output.row(p)[best]}});
    }
    print(json_line(json));
  } else if (options.digest) {
    print(std::string(digest.hex().data()) + "\n");
  } else if (options.output.empty()) {
    show(output);
  }
  return 0;
}

}  // namespace

Run add_logits(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("--tokens", options->token_list, "Token ids, as 1,2,3 ('-': stdin)")->type_name("IDS");
  app.add_option("--decoder-tokens", options->decoder_list, "Token ids of the decoder, where the model has two sides")
      ->type_name("IDS");
  app.add_option("--audio", options->audio, "A sound instead of tokens, where the model reads sounds")
      ->type_name("AUDIO");
  app.add_option("--image", options->image, "A picture instead of tokens, where the model reads pictures")
      ->type_name("IMAGE");
  app.add_option("--types", options->type_list, "Token types, as many as tokens (default: all 0)")->type_name("TYPES");
  app.add_option("--chunk", options->chunk, "Tokens of one call (default: 128); changes no bit of the result")
      ->check(between(1, 1 << 20))
      ->type_name("N");
  app.add_option("--output", options->output, "Write all positions as .npy, f32 [positions, width] ('-': stdout)");
  app.add_flag("--digest", options->digest, "Print the SHA-256 of the little-endian f32 output of all positions");
  app.footer("Example: kinglet logits model.kgl --tokens 1,2,3 --digest");
  return [options] { return logits(*options); };
}

}  // namespace kinglet::host
