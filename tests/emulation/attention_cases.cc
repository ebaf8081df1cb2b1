// Rotary angles, the cache of keys and values, attention over it.
#include "tests/emulation/same_bits.h"

namespace kinglet::emulation {
namespace {

using kernels::AttendArgs;
using kernels::KeyValueHead;

// One head; slots that nobody stored to hold any bytes and any scales, NaN among them.
struct Cache {
  KeyValueHead head;
  std::size_t key_bytes, value_bytes;
};

Cache cache(Suite& s, std::size_t slots, std::size_t dim) {
  const std::size_t capacity = padded(slots, 16);
  Cache c{};
  c.key_bytes = capacity * padded(dim, 4);
  c.value_bytes = padded(dim, 16) * capacity;
  c.head = {s.bytes(c.key_bytes, -128, 127), s.bytes(c.value_bytes, -128, 127), s.floats(capacity, Numbers::kAny),
            s.floats(capacity, Numbers::kAny), capacity};
  return c;
}

// Scales as `store` writes them, bytes as it may write them.
void fill(Suite& s, const Cache& c, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    c.head.key_scale[i] = s.random.uniform(0.0f, 0.02f);
    c.head.value_scale[i] = s.random.below(16) == 0 ? 0.0f : s.random.uniform(0.0f, 0.02f);
  }
}

struct Case {
  std::size_t slots, dim, begin, end;
};

// A query of its own kind that sees some of the slots; of several the first sees all of them.
kernels::AttendQuery query_of(Suite& s, const Case& c, std::size_t i, int variant, const AttendArgs& args) {
  kernels::AttendQuery query{};
  query.x = s.floats(c.dim, variant == 7 ? Numbers::kAny : kFiniteNumbers[s.random.below(6)]);
  query.begin = i == 0 ? c.begin : s.random.between(c.begin, c.end - 1);
  query.end = i == 0 ? c.end : s.random.between(query.begin + 1, c.end);
  query.position = s.random.between(c.begin, c.end);
  if (variant == 3 || variant == 5)
    query.bias = s.floats(2 * args.reach + 1, variant == 3 ? Numbers::kNormal : Numbers::kAny);
  if (args.n != 0) query.angles = s.floats(2 * args.n, Numbers::kNormal);
  return query;
}

void compare_attend(Suite& s, const Case& c, int variant) {
  s.memory.clear();
  const Cache keys_values = cache(s, c.slots, c.dim);
  fill(s, keys_values, c.begin, c.end);
  kernels::AttendQuery queries[kernels::kAttendQueries] = {};
  AttendArgs args{};
  args.queries = queries;
  args.count = s.random.coin() ? 1 : s.random.between(1, kernels::kAttendQueries);
  args.head = keys_values.head;
  if (variant == 2 || variant == 4) {  // pages from the last to the first
    fill(s, keys_values, 0, args.head.capacity);
    const std::size_t count = args.head.capacity / 16;
    auto* pages = s.memory.take<std::uint32_t>(count);
    for (std::size_t i = 0; i < count; ++i) pages[i] = static_cast<std::uint32_t>(count - 1 - i);
    args.head.pages = pages;
  }
  args.head_dim = args.value_dim = c.dim;
  args.scale = s.random.uniform(0.05f, 0.5f);
  args.reach = s.random.below(12);
  if (variant == 1) args.scale *= 100.0f;  // sharp
  if (variant == 2) args.cap = s.random.uniform(0.5f, 30.0f);
  if (variant == 4) args.n = s.random.below(c.dim / 2 + 1);
  if (variant == 6) args.scale = 3e38f;  // scores overflow
  for (std::size_t i = 0; i < args.count; ++i) queries[i] = query_of(s, c, i, variant, args);
  args.scratch = s.memory.take<std::byte>(kernels::attend_scratch_bytes(args.count, c.dim));
  const std::size_t stride = c.dim + c.slots;  // what a query gives, then its weights
  s.compare(args.count * stride, 1, [&](const Kernels& kernels, const Output& out) {
    std::memset(out.floats, 0, args.count * stride * sizeof(float));
    for (std::size_t i = 0; i < args.count; ++i) {
      queries[i].out = out.floats + i * stride;
      queries[i].weights = queries[i].out + c.dim;
    }
    const bool ok = kernels.attend(args);
    if (!ok) std::memset(out.floats, 0, args.count * stride * sizeof(float));  // nothing is promised
    out.bytes[0] = ok;
  });
}

// Variants: additive or not, hard or not, around a centre or not; the last with numbers of any kind.
void compare_align(Suite& s, const Case& c, int variant) {
  s.memory.clear();
  const Cache keys_values = cache(s, c.slots, c.dim);
  fill(s, keys_values, c.begin, c.end);
  kernels::AttendQuery query{};
  kernels::AlignArgs args{};
  args.attend.queries = &query;
  args.attend.count = 1;
  args.attend.head = keys_values.head;
  query.x = s.floats(c.dim, variant == 8 ? Numbers::kAny : kFiniteNumbers[s.random.below(6)]);
  args.attend.head_dim = args.attend.value_dim = c.dim;
  query.begin = c.begin;
  query.end = c.end;
  args.attend.scale = s.random.uniform(0.05f, 2.0f);
  args.attend.scratch = s.memory.take<std::byte>(kernels::attend_scratch_bytes(1, c.dim));
  args.v = variant % 2 == 0 ? s.floats(c.dim, Numbers::kNormal) : nullptr;
  args.hard = (variant & 2) != 0;
  args.centre = s.random.uniform(0.0f, static_cast<float>(c.slots));
  args.spread = (variant & 4) != 0 ? s.random.uniform(0.001f, 2.0f) : 0.0f;
  s.compare(c.dim, 1, [&](const Kernels& kernels, const Output& out) {
    query.out = out.floats;
    const bool ok = kernels.align(args);
    if (!ok) std::memset(out.floats, 0, c.dim * sizeof(float));  // nothing is promised
    out.bytes[0] = ok;
  });
}

}  // namespace

void angles_cases(Suite& s) {
  for (std::size_t n = 1; n <= 64; n += 1 + n / 3) {
    for (const std::uint32_t limit : {16u, 4096u, 1u << 24, 0xffffffffu}) {
      for (const bool hostile : {false, true}) {
        s.memory.clear();
        float* frequencies = s.floats(n, Numbers::kAny);
        for (std::size_t i = 0; i < n && !hostile; ++i)
          frequencies[i] = s.random.uniform(0.0f, i % 2 == 0 ? 1.0f : 0.01f);
        const auto position = static_cast<std::uint32_t>(s.random.next() % limit);
        const float scale = s.random.uniform(0.5f, 2.0f);
        s.compare(padded(2 * n, 16), 0, [&](const Kernels& kernels, const Output& out) {
          kernels.angles({frequencies, n, position, scale, out.floats});
        });
      }
    }
  }
}

void store_cases(Suite& s) {
  for (const std::size_t dim : {1u, 2u, 8u, 15u, 16u, 20u, 33u, 50u, 64u, 66u, 80u, 128u}) {
    for (int i = 0; i < 12; ++i) {
      s.memory.clear();
      const Cache c = cache(s, 48, dim);
      const std::size_t capacity = c.head.capacity;
      const std::size_t n = i % 3 == 0 ? 0 : s.random.below(dim / 2 + 1);
      const float* angles = n == 0 ? nullptr : s.floats(2 * n, Numbers::kNormal);
      const Numbers kind = i == 11 ? Numbers::kAny : kFiniteNumbers[s.random.below(8)];
      const float* key = s.floats(dim, kind);
      const float* value = s.floats(dim, kind);
      const std::size_t slot = s.random.below(48);
      s.compare(2 * capacity, c.key_bytes + c.value_bytes + 1, [&](const Kernels& kernels, const Output& out) {
        KeyValueHead head{out.bytes, out.bytes + c.key_bytes, out.floats, out.floats + capacity, capacity};
        std::memcpy(head.keys, c.head.keys, c.key_bytes);
        std::memcpy(head.values, c.head.values, c.value_bytes);
        std::memcpy(head.key_scale, c.head.key_scale, capacity * sizeof(float));
        std::memcpy(head.value_scale, c.head.value_scale, capacity * sizeof(float));
        const bool ok = kernels.store({key, value, dim, dim, angles, n, head, slot});
        if (!ok) {  // nothing is promised
          std::memset(out.bytes, 0, c.key_bytes + c.value_bytes);
          std::memset(out.floats, 0, 2 * capacity * sizeof(float));
        }
        out.bytes[c.key_bytes + c.value_bytes] = ok;
      });
    }
  }
}

void attend_cases(Suite& s) {
  constexpr Case kCases[] = {{1, 1, 0, 1},      {16, 8, 0, 16},    {20, 24, 0, 17},   {40, 64, 5, 33},
                             {100, 80, 31, 32}, {64, 33, 15, 64},  {160, 64, 0, 160}, {48, 100, 16, 32},
                             {300, 16, 9, 299}, {600, 20, 0, 600}, {530, 8, 250, 520}};
  for (const Case& c : kCases) {
    for (int variant = 0; variant < 8; ++variant) compare_attend(s, c, variant);
  }
  for (int i = 0; i < 150; ++i) {
    const std::size_t slots = s.random.between(1, 100);
    const std::size_t begin = s.random.below(slots);
    compare_attend(s, {slots, s.random.between(1, 70), begin, s.random.between(begin + 1, slots)}, i % 6);
  }
  if (s.round == 0) compare_attend(s, {1024, 64, 100, 1023}, 0);
}

void align_cases(Suite& s) {
  for (int i = 0; i < 120; ++i) {
    const std::size_t slots = s.random.between(1, 100);
    const std::size_t begin = s.random.below(slots);
    compare_align(s, {slots, s.random.between(1, 70), begin, s.random.between(begin + 1, slots)}, i % 9);
  }
}

}  // namespace kinglet::emulation
