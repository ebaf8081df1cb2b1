#include "tests/emulation/same_bits.h"

namespace kinglet::emulation {
namespace {

constexpr std::size_t kGuardFloats = 16;
constexpr std::size_t kGuardBytes = 64;
constexpr std::uint64_t kMostComplaints = 3;

alignas(64) std::byte memory_block[std::size_t{12} << 20];

struct Entry {
  const char* name;
  void (*run)(Suite&);
};
constexpr Entry kEntries[] = {{"matmul  ", matmul_cases}, {"quantize", quantize_cases}, {"norm    ", norm_cases},
                              {"gate    ", gate_cases},   {"add     ", add_cases},      {"window  ", window_cases},
                              {"embed   ", embed_cases},  {"angles  ", angles_cases},   {"store   ", store_cases},
                              {"attend  ", attend_cases}, {"align   ", align_cases},    {"cell    ", cell_cases},
                              {"scan    ", scan_cases},   {"model   ", model_cases},    {"sizes   ", size_cases}};

bool equal(const char* a, const char* b) {
  for (; *a != '\0' && *a == *b; ++a) ++b;
  return *a == *b;
}

}  // namespace

const Console& Console::operator<<(const char* text) const {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  write(text, length);
  return *this;
}

const Console& Console::operator<<(std::uint64_t number) const {
  char digits[20];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  write(digits + first, sizeof digits - first);
  return *this;
}

const Console& Console::hex(std::uint64_t number) const {
  char digits[16];
  for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
  write(digits, sizeof digits);
  return *this;
}

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t x = state_;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

float Random::uniform(float low, float high) {
  return low + static_cast<float>(next() >> 40) * 0x1p-24f * (high - low);
}

float Random::number(Numbers kind) {
  const std::uint64_t any = next();
  // Nearly normal: four uniform numbers have the mean 2 and the variance 1/3.
  const std::uint64_t four = (any & 0xffff) + (any >> 16 & 0xffff) + (any >> 32 & 0xffff) + (any >> 48);
  const float x = (static_cast<float>(four) * 0x1p-16f - 2.0f) * 1.7320508f;
  const auto bits = static_cast<std::uint32_t>(any);
  switch (kind) {
    case Numbers::kNormal: return x;
    case Numbers::kZero: return float_of(bits & 0x80000000u);
    case Numbers::kDenormal: return float_of(bits & 0x807fffffu);
    case Numbers::kHuge: return x * 1.25e37f;
    case Numbers::kTiny: return x * 0x1p-100f;
    case Numbers::kOutlier: return below(64) == 0 ? x * 1000.0f : x;
    case Numbers::kTies: return static_cast<float>(any % 509) * 0.5f - 127.0f;
    case Numbers::kAnyFinite: return float_of((bits & 0x7f800000u) == 0x7f800000u ? bits & 0xbfffffffu : bits);
    case Numbers::kAny: {
      constexpr std::size_t kCount = sizeof kSpecials / sizeof kSpecials[0];
      return float_of(any >> 61 == 0 ? kSpecials[bits % kCount] : bits);
    }
  }
  return x;
}

std::byte* Memory::take_bytes(std::size_t bytes) {
  std::byte* taken = begin_ + used_;
  used_ += padded(bytes, 64);
  if (used_ > size_) __builtin_trap();
  return taken;
}

Suite::Suite(const char* name, const Console& where, Memory& block, unsigned number, const CpuFeatures& of_processor)
    : console(where),
      memory(block),
      random(number),
      round(number),
      features(of_processor),
      name_(name) {
  for (const char* c = name; *c != '\0'; ++c) random = Random(random.next() + static_cast<std::uint64_t>(*c));
  const Kernels* portable = kernels::select("portable");
  sets_[count_++] = portable != nullptr ? portable : kernels::select(nullptr, features);
  for (const Isa& isa : isas(features)) {
    if (isa.available && !equal(isa.name, sets_[0]->name)) sets_[count_++] = kernels::select(isa.name, features);
  }
  if (const Kernels* other = stand_in(); other != nullptr) sets_[count_++] = other;
}

float* Suite::floats(std::size_t count, Numbers kind) {
  auto* x = memory.take<float>(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = random.number(kind);
  return x;
}

std::int8_t* Suite::bytes(std::size_t count, int lowest, int highest) {
  auto* x = memory.take<std::int8_t>(padded(count, 8));
  if (lowest == -128 && highest == 127) {
    for (std::size_t i = 0; i < count; i += 8) {
      const std::uint64_t eight = random.next();
      std::memcpy(x + i, &eight, sizeof eight);
    }
  } else {
    const auto range = static_cast<std::size_t>(highest - lowest);
    for (std::size_t i = 0; i < count; ++i)
      x[i] = static_cast<std::int8_t>(lowest + static_cast<int>(random.between(0, range)));
  }
  return x;
}

void Suite::begin_case(std::size_t float_count, std::size_t byte_count) {
  ++cases_;
  float_count_ = padded(float_count, 16) + kGuardFloats;
  byte_count_ = padded(byte_count, 64) + kGuardBytes;
  for (std::size_t i = 0; i < count_; ++i) {
    output_[i] = {memory.take<float>(float_count_), memory.take<std::int8_t>(byte_count_)};
  }
}

// What nothing would compute.
void Suite::prepare(const Output& output) const {
  for (std::size_t i = 0; i < float_count_; ++i) output.floats[i] = -77.125f;
  std::memset(output.bytes, 0x55, byte_count_);
}

void Suite::end_case() {
  const Output& expected = output_[0];
  for (std::size_t i = 0; i < count_; ++i) {
    for (std::size_t f = 0; f < float_count_; ++f) {
      float& x = output_[i].floats[f];
      if (x != x) x = float_of(0x7fc00000);
    }
    if (i == 0) continue;
    compare_words(sets_[i]->name, "float", output_[i].floats, expected.floats, float_count_ * sizeof(float));
    compare_words(sets_[i]->name, "group of 4 bytes", output_[i].bytes, expected.bytes, byte_count_);
  }
  const auto add = [this](const void* words, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, static_cast<const std::byte*>(words) + i, sizeof word);
      digest_ = (digest_ ^ word) * 0x9e3779b97f4a7c15u;
      digest_ ^= digest_ >> 32;
    }
  };
  add(expected.floats, float_count_ * sizeof(float));
  add(expected.bytes, byte_count_);
}

void Suite::compare_words(const char* set, const char* what, const void* words, const void* expected,
                          std::size_t bytes) {
  if (std::memcmp(words, expected, bytes) == 0) return;
  if (++failures_ > kMostComplaints) return;
  for (std::size_t i = 0; i < bytes; i += sizeof(std::uint32_t)) {
    std::uint32_t a, b;
    std::memcpy(&a, static_cast<const std::byte*>(words) + i, sizeof a);
    std::memcpy(&b, static_cast<const std::byte*>(expected) + i, sizeof b);
    if (a == b) continue;
    console << name_ << " " << set << ": case " << cases_ << ", " << what << " " << std::uint64_t{i / sizeof a}
            << " is ";
    console.hex(a) << ", portable has ";
    console.hex(b) << "\n";
    return;
  }
}

void Suite::fail(const char* why) {
  if (++failures_ <= kMostComplaints) console << name_ << " case " << cases_ << ": " << why << "\n";
}

bool run_all(const Console& console, unsigned depth, const char* required, const CpuFeatures& features) {
  bool present = required == nullptr;
  console << "sets:";
  for (const Isa& isa : isas(features)) {
    if (!isa.available) continue;
    console << " " << isa.name;
    present = present || equal(isa.name, required);
  }
  if (stand_in() != nullptr) console << " " << stand_in()->name;
  console << "\n";
  if (!present) console << "this processor does not run " << required << "\n";

  bool ok = present;
  Memory memory(memory_block, sizeof memory_block);
  for (const Entry& entry : kEntries) {
    std::uint64_t cases = 0, digest = 0, failures = 0;
    for (unsigned round = 0; round < depth; ++round) {
      memory.clear();
      Suite suite(entry.name, console, memory, round, features);
      entry.run(suite);
      cases += suite.cases();
      digest = digest * 31 + suite.digest();
      failures += suite.failures();
    }
    ok = ok && failures == 0 && cases > 0;
    console << entry.name << " " << cases << " cases, digest ";
    console.hex(digest) << ", " << failures << " differ\n";
  }
  console << (ok ? "ok\n" : "FAILED\n");
  return ok;
}

}  // namespace kinglet::emulation
