#include "tests/bits/bits.h"

#include <cstring>

#include "kinglet/tokenizer.h"
#include "model_generated.h"
#include "ports/host/sha256.h"
#include "tests/bits/arithmetic/mode.h"
#include "tests/bits/inputs.h"
#include "tests/bits/job.h"
#include "tests/bits/running.h"

namespace kinglet::bits {
namespace {

constexpr std::size_t kMostCases = 8;
constexpr std::size_t kMostTexts = 256;
constexpr std::size_t kMostChoices = 4;
constexpr std::uint32_t kTextTokens = 48;  // of a source and of its translation

using Hex = std::array<char, 65>;

void add_to_digest(void* context, const void* data, std::size_t bytes) {
  static_cast<host::Sha256*>(context)->add({static_cast<const std::byte*>(data), bytes});
}

// The next word of a line, which loses it.
std::string_view next_word(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  std::size_t length = 0;
  while (length < line.size() && line[length] != ' ') ++length;
  const std::string_view word(line.data(), length);
  line.remove_prefix(length);
  return word;
}

std::uint32_t number_of(std::string_view word) {
  std::uint32_t number = 0;
  for (const char digit : word) number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  return number;
}

struct Numbers {
  std::uint32_t items[kMostChoices] = {};
  std::size_t count = 0;
  void read(std::string_view line) {
    count = 0;
    for (std::string_view word = next_word(line); !word.empty() && count < kMostChoices; word = next_word(line))
      items[count++] = number_of(word);
  }
  const std::uint32_t* begin() const { return items; }
  const std::uint32_t* end() const { return items + count; }
};

// What is wanted of the bundles that follow.
struct Choices {
  Numbers threads{{1}, 1};
  Numbers chunks{{0}, 1};
  bool cpp = true, c = false;
  std::string_view sets = "all";
  std::size_t cases = kMostCases;
};

// The words of a bundle, one after the other.
class Words {
 public:
  explicit Words(const std::byte* at) : at_(at) {}
  std::uint32_t next() {
    std::uint32_t word;
    std::memcpy(&word, at_, sizeof word);
    at_ += sizeof word;
    return word;
  }
  template <class T>
  const T* next(std::size_t count) {
    const auto* items = reinterpret_cast<const T*>(at_);
    at_ += (count * sizeof(T) + 3) / 4 * 4;
    return items;
  }

 private:
  const std::byte* at_;
};

struct Bundle {
  Kind kind = Kind::kModel;
  std::span<const std::byte> file;
  bits_case cases[kMostCases];
  std::size_t case_count = 0;
  kinglet_text texts[kMostTexts];
  std::size_t text_count = 0;

  bool read(std::span<const std::byte> bytes) {
    Words words(bytes.data());
    kind = static_cast<Kind>(words.next());
    const std::size_t begin = words.next(), size = words.next();
    case_count = words.next();
    text_count = words.next();
    if (case_count > kMostCases || text_count > kMostTexts || begin + size != bytes.size()) return false;
    file = bytes.subspan(begin, size);
    for (std::size_t i = 0; i < case_count; ++i) {
      const std::size_t tokens = words.next(), types = words.next(), decoder_tokens = words.next(),
                        floats = words.next();
      cases[i].tokens = {words.next<std::int32_t>(tokens), tokens};
      cases[i].types = words.next<std::uint8_t>(types);
      if (types == 0) cases[i].types = nullptr;
      cases[i].decoder_tokens = {words.next<std::int32_t>(decoder_tokens), decoder_tokens};
      cases[i].grid = {nullptr, floats == 0 ? nullptr : words.next<float>(floats), floats};
    }
    for (std::size_t i = 0; i < text_count; ++i) {
      const std::size_t size_of_text = words.next();
      texts[i] = {words.next<char>(size_of_text), size_of_text};
      if (kind == Kind::kModel && size_of_text > BITS_TEXT) return false;
    }
    return true;
  }
};

class Program {
 public:
  explicit Program(const Machine& machine) : machine_(machine) {}

  bool run(const char* list) {
    const std::size_t size = machine_.read(list, machine_.memory);
    if (size == kMissing || size > machine_.memory.size()) return complain("there is no list");
    const std::size_t list_end = (size + 63) / 64 * 64;
    std::string_view text(reinterpret_cast<const char*>(machine_.memory.data()), size);
    memory_ = machine_.memory.subspan(list_end);
    while (!text.empty()) {
      std::size_t length = 0;
      while (length < text.size() && text[length] != '\n') ++length;
      read_line({text.data(), length});
      text.remove_prefix(length < text.size() ? length + 1 : length);
    }
    machine_.write("end\n");
    return ok_;
  }

 private:
  bool complain(const char* what) {
    say("failed ", what, "\n");
    ok_ = false;
    return false;
  }

  void read_line(std::string_view line) {
    const std::string_view what = next_word(line);
    if (what == "threads") return choices_.threads.read(line);
    if (what == "chunks") return choices_.chunks.read(line);
    if (what == "cases") choices_.cases = number_of(next_word(line));
    if (what == "sets") choices_.sets = next_word(line);
    if (what == "apis") {
      choices_.cpp = choices_.c = false;
      while (!line.empty()) {
        const std::string_view api = next_word(line);
        (api == "c" ? choices_.c : choices_.cpp) = true;
      }
    }
    if (what != "bundle") return;
    name_ = next_word(line);
    read_bundle(next_word(line));
  }

  void read_bundle(std::string_view path) {
    char file[512] = {};
    if (path.size() >= sizeof file) return void(complain("a path is too long"));
    std::memcpy(file, path.data(), path.size());
    const std::size_t size = machine_.read(file, memory_);
    if (size == kMissing) return void(complain(file));
    if (size > memory_.size()) return too_large(size);
    if (!bundle_.read(memory_.first(size))) return void(complain("that is no bundle"));
    room_ = memory_.subspan((size + 63) / 64 * 64);
    if (bundle_.case_count > choices_.cases) bundle_.case_count = choices_.cases;
    if (bundle_.kind == Kind::kTokenizer) {
      run_tokenizer();
    } else if (bundle_.kind == Kind::kInput) {
      run_input();
    } else {
      run_model();
    }
  }

  // ---------------------------------------------------------------- a model

  // As much as the cases and texts need.
  kinglet_limits limits_for(const Model& model) const {
    const fb::Model& root = model.root();
    kinglet_limits limits = KINGLET_LIMITS;
    std::size_t source = 0, steps = 0;
    for (std::size_t i = 0; i < bundle_.case_count; ++i) {
      const std::size_t tokens = bundle_.cases[i].tokens.count;
      const std::size_t stepped = model.has_encoder() ? bundle_.cases[i].decoder_tokens.count : tokens;
      source = tokens > source ? tokens : source;
      steps = stepped > steps ? stepped : steps;
    }
    const auto most = [&](std::size_t wanted, std::uint32_t model_has) {
      if (bundle_.text_count > 0 && wanted < kTextTokens) wanted = kTextTokens;
      return wanted < model_has ? static_cast<std::uint32_t>(wanted) : model_has;
    };
    limits.sequences = limits.threads = 1;
    if (model.has_encoder()) limits.source = root.input() != nullptr ? root.source() : most(source, root.source());
    limits.outputs = limits.source;
    if (model.has_decoder()) {
      limits.context = most(steps + BITS_MADE + 1, root.context());
      limits.rows = limits.outputs = static_cast<std::uint32_t>(steps);
      if (limits.rows < BITS_SEQUENCES) limits.rows = limits.outputs = BITS_SEQUENCES;
      limits.sequences = BITS_SEQUENCES;
    }
    return limits;
  }

  void run_model() {
    const auto model = Model::open(bundle_.file);
    if (!model.ok()) return void(complain(model.status().message()));
    bits_job job{};
    job.file = bundle_.file.data();
    job.file_bytes = bundle_.file.size();
    job.memory = room_.data();
    job.memory_bytes = room_.size();
    job.cases = bundle_.cases;
    job.case_count = bundle_.case_count;
    job.texts = bundle_.texts;
    job.text_count = bundle_.text_count;
    job.limits = limits_for(*model);
    kinglet_cpu_features features = KINGLET_CPU_FEATURES;
    features.neon = machine_.features.neon;
    features.dotprod = machine_.features.dotprod;
    features.i8mm = machine_.features.i8mm;
    const kinglet_session_options none = KINGLET_SESSION_OPTIONS;
    job.options = none;
    job.options.features = &features;
    job.add = add_to_digest;
    if (!say_size(*model, job.limits) || !refuses_other_arithmetic(job)) return;
    bool first = true;
    for (const Isa& isa : isas(machine_.features)) {
      const bool wanted = choices_.sets == "all" || choices_.sets == isa.name || (choices_.sets == "best" && first);
      if (!isa.available || !wanted) continue;
      first = false;
      job.options.isa = isa.name;
      run_set(job, model->has_decoder());
    }
  }

  bool say_size(const Model& model, const kinglet_limits& limits) {
    auto plan = Plan::make(model, {.context = limits.context,
                                   .source = limits.source,
                                   .rows = limits.rows,
                                   .outputs = limits.outputs,
                                   .sequences = limits.sequences});
    if (!plan.ok()) return complain(plan.status().message());
    if (plan->arena_bytes > room_.size()) {
      too_large(machine_.memory.size() - room_.size() + plan->arena_bytes);
      return false;
    }
    say("size ", name_, " ");
    say_number(bundle_.file.size());
    say(" ");
    say_number(plan->arena_bytes);
    say("\n");
    return true;
  }

  // A session is refused in each mode of this processor that would give other bits.
  bool refuses_other_arithmetic(bits_job& job) {
    using testing::Mode;
    for (const Mode mode : {Mode::kFlush, Mode::kFlushRead, Mode::kUpwards, Mode::kDownwards, Mode::kTowardsZero}) {
      Running r(job);
      const testing::InMode in(mode);
      if (!in.there()) continue;
      const Status status = r.start();
      if (status.code() == Code::kUnsupported) continue;
      say("in mode ");
      say_number(static_cast<std::uint64_t>(mode));
      say(": ", status.message(), "\n");
      return complain("denormals taken for zero, or another rounding, are not refused");
    }
    return true;
  }

  void run_set(bits_job& job, bool has_decoder) {
    for (const std::uint32_t threads : choices_.threads) {
      job.limits.threads = threads;
      job.options.parallel_for = threads > 1 ? machine_.parallel.run : nullptr;
      job.options.parallel_context = machine_.parallel.context;
      for (const std::uint32_t chunk : choices_.chunks) {
        job.chunk = chunk;
        run_variant(job, threads);
        if (!has_decoder) break;  // a source is encoded whole
      }
    }
  }

  // The digest of two: of what either API says, and of the rest.
  void run_variant(bits_job& job, std::uint32_t threads) {
    const Hex rest = digest_of(job, threads, "c++", [](const bits_job* of) { return c_status(deeper(*of)); });
    for (const bool c : {false, true}) {
      if (!(c ? choices_.c : choices_.cpp)) continue;
      const char* api = c ? "c" : "c++";
      const Hex begin = digest_of(job, threads, api, c ? bits_c_program : bits_cpp_program);
      host::Sha256 both;
      both.add(std::as_bytes(std::span(begin)));
      both.add(std::as_bytes(std::span(rest)));
      if (begin[0] == '\0' || rest[0] == '\0') continue;
      say("digest ", name_, " ");
      say_variant(job, threads, api);
      say(both.hex().data(), "\n");
    }
  }

  Hex digest_of(bits_job& job, std::uint32_t threads, const char* api, kinglet_status (*program)(const bits_job*)) {
    host::Sha256 digest;
    job.context = &digest;
    if (machine_.forget != nullptr) machine_.forget(room_);
    const kinglet_status status = program(&job);
    if (status.code == KINGLET_OK) return digest.hex();
    say("failed ", name_, " ");
    say_variant(job, threads, api);
    say_number(status.subject);
    say(" ", status.message, "\n");
    ok_ = false;
    return {};
  }

  void say_variant(const bits_job& job, std::uint32_t threads, const char* api) const {
    say(job.options.isa, " ");
    say_number(threads);
    say(" ");
    say_number(job.chunk);
    say(" ", api, " ");
  }

  // ---------------------------------------------------------------- an input

  void run_input() {
    const auto model = Model::open(bundle_.file);
    if (!model.ok()) return void(complain(model.status().message()));
    say("size ", name_, " ");
    say_number(bundle_.file.size());
    say(" 0\n");
    for (const bool c : {false, true}) {
      if (!(c ? choices_.c : choices_.cpp)) continue;
      host::Sha256 digest;
      if (machine_.forget != nullptr) machine_.forget(room_);
      const Status s = c ? digest_inputs_in_c(*model, room_, digest) : digest_inputs(*model, room_, digest);
      if (!s.ok()) return void(complain(s.message()));
      say("digest ", name_, " - 1 0 ", c ? "c " : "c++ ", digest.hex().data(), "\n");
    }
  }

  // ---------------------------------------------------------------- a tokenizer

  // Each text to tokens, with what is special in it and without; back to text, whole and token by token.
  void run_tokenizer() {
    const fb::Tokenizer& tables = *flatbuffers::GetRoot<fb::Tokenizer>(bundle_.file.data());
    if (auto s = verify_tokenizer(tables, tables.tokens()); !s.ok()) return void(complain(s.message()));
    auto tokenizer = Tokenizer::open(tables);
    if (!tokenizer.ok()) return void(complain(tokenizer.status().message()));
    host::Sha256 digest;
    for (std::size_t i = 0; i < bundle_.text_count; ++i) {
      const std::string_view text(bundle_.texts[i].data, bundle_.texts[i].bytes);
      for (const bool special : {false, true}) {
        if (auto s = add_text(*tokenizer, text, special, digest); !s.ok()) return void(complain(s.message()));
      }
    }
    say("size ", name_, " ");
    say_number(bundle_.file.size());
    say(" 0\ndigest ", name_, " - 1 0 c++ ");
    say(digest.hex().data(), "\n");
  }

  Status add_text(const Tokenizer& tokenizer, std::string_view text, bool special, host::Sha256& digest) const {
    std::size_t used = 0;
    const auto take = [&](std::size_t bytes) {
      const std::size_t first = used;
      used += (bytes + 63) / 64 * 64;
      return used <= room_.size() ? room_.subspan(first, bytes) : std::span<std::byte>{};
    };
    const std::span<std::byte> scratch = take(tokenizer.scratch_bytes(text.size()));
    const std::size_t most = text.size() * 12 + 64;
    const std::span<std::byte> ids_room = take(most * sizeof(std::int32_t));
    if (ids_room.empty()) return {Code::kOutOfMemory, "no room for a text's tokens"};
    const std::span<std::int32_t> ids(reinterpret_cast<std::int32_t*>(ids_room.data()), most);
    auto count = tokenizer.encode(text, {.parse = special, .add = special}, scratch, ids);
    if (!count.ok()) return count.status();
    digest.add(std::as_bytes(ids.first(*count)));
    const std::span<std::byte> out = take((*count + 1) * tokenizer.decode_bytes() + 8);
    if (out.empty()) return {Code::kOutOfMemory, "no room for a text"};
    const std::span<char> chars(reinterpret_cast<char*>(out.data()), out.size());
    auto whole = tokenizer.decode(ids.first(*count), chars, special);
    if (!whole.ok()) return whole.status();
    digest.add(out.first(*whole));
    DecodeState state;
    for (const std::int32_t id : ids.first(*count)) {
      auto part = tokenizer.decode(id, state, chars, special);
      if (!part.ok()) return part.status();
      digest.add(out.first(*part));
    }
    auto last = tokenizer.finish(state, chars);
    if (!last.ok()) return last.status();
    digest.add(out.first(*last));
    return {};
  }

  // ---------------------------------------------------------------- what is said

  void too_large(std::size_t wanted) const {
    say("too-large ", name_, " ");
    say_number(wanted);
    say(" ");
    say_number(machine_.memory.size());
    say("\n");
  }

  template <class... Texts>
  void say(const Texts&... texts) const {
    (machine_.write(texts), ...);
  }
  void say_number(std::uint64_t number) const {
    char digits[20];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    machine_.write({digits + first, sizeof digits - first});
  }

  const Machine& machine_;
  Choices choices_;
  Bundle bundle_;
  std::string_view name_;
  std::span<std::byte> memory_;  // behind the list
  std::span<std::byte> room_;    // behind the bundle
  bool ok_ = true;
};

}  // namespace

bool run(const Machine& machine, const char* list) { return Program(machine).run(list); }

}  // namespace kinglet::bits
