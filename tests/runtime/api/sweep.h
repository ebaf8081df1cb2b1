// What every function of the C++ API is called with: memory of every size, from none to more than 2^32 elements, and numbers of every size.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kinglet/status.h"
#include "tests/aligned.h"

namespace kinglet::testing {

// More zeros than 2^32 numbers of four bytes have. Pages that are only read take no memory.
class Zeros {
 public:
  static constexpr std::uint64_t kMany = (std::uint64_t{1} << 32) + 1, kBytes = 4 * kMany + 64;

  explicit Zeros(bool written) {
    if constexpr (sizeof(void*) == 8) {
      const int access = written ? PROT_READ | PROT_WRITE : PROT_READ;
      void* memory = mmap(nullptr, kBytes, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) return;
      madvise(memory, kBytes, MADV_HUGEPAGE);
      data_ = static_cast<std::byte*>(memory);
    }
  }
  Zeros(const Zeros&) = delete;
  Zeros& operator=(const Zeros&) = delete;
  ~Zeros() {
    if (data_ != nullptr) munmap(data_, kBytes);
  }

  bool exist() const { return data_ != nullptr; }
  template <class T>
  std::span<T> of(std::uint64_t count) const {
    static_assert(sizeof(T) <= 4);
    return {reinterpret_cast<T*>(data_), static_cast<std::size_t>(count)};
  }

 private:
  std::byte* data_ = nullptr;
};

// A list that a function reads to its end, whatever is in it: it never has 2^32 elements here.
struct List {
  std::span<const std::int32_t> tokens;
};
// A text likewise.
struct Text {
  std::string_view text;
};

// Calls a function with ordinary arguments, then with each argument and each two of them having each of their values.
class Sweep : public ::testing::Test {
 protected:
  static constexpr std::size_t kRoom = std::size_t{1} << 16;

  void TearDown() override { RecordProperty("calls", calls_); }

  // Before each call everything is as at the beginning.
  virtual void restore() {}

  // `function` calls the one that is named, with its arguments; which types these have says what they are.
  template <class F>
  void sweep(const char* name, const F& function) {
    name_ = name;
    rooms_.clear();
    const int before = succeeded_;
    call_all(function, &F::operator());
    EXPECT_GT(succeeded_, before) << name << " refused every call";
  }

  void judge(const Status& status) {
    EXPECT_LE(status.code(), Code::kStopped) << name_;
    ASSERT_NE(status.message(), nullptr) << name_;
    EXPECT_NE(*status.message(), '\0') << name_;
    succeeded_ += status.ok() ? 1 : 0;
  }
  template <class T>
  void judge(const Result<T>& result) {
    judge(result.status());
    if (!result.ok()) return;
    if constexpr (requires { result->data(), result->size(); }) look_at(*result);
  }
  template <class T>
  void judge(const T& answer) {
    ++succeeded_;
    if constexpr (requires { answer.data(), answer.size(); }) look_at(answer);
  }

  const Zeros zeros_{false}, room_{true};
  int calls_ = 0;

 private:
  // What a view shows can be read.
  template <class View>
  void look_at(const View& view) {
    unsigned sum = 0;
    for (const auto& element : std::as_bytes(std::span(view.data(), view.size())))
      sum += std::to_integer<unsigned>(element);
    read_ = sum;
  }

  // The ordinary first.
  template <class T>
  std::vector<T> values() {
    if constexpr (std::is_same_v<T, bool>) {
      return {false, true};
    } else if constexpr (std::is_same_v<T, float>) {
      using Limits = std::numeric_limits<float>;
      return {0,
              1,
              -1,
              Limits::denorm_min(),
              Limits::max(),
              Limits::lowest(),
              Limits::infinity(),
              -Limits::infinity(),
              Limits::quiet_NaN()};
    } else if constexpr (std::is_enum_v<T>) {
      return {T{0}, T{1}, T{2}, T{3}};
    } else if constexpr (std::is_same_v<T, std::int32_t>) {
      return {2, 0, -1, INT32_MAX, INT32_MIN};
    } else if constexpr (std::is_same_v<T, std::uint32_t>) {
      return {1, 0, 2, 40, INT32_MAX, 1U << 31, UINT32_MAX - 1, UINT32_MAX};
    } else if constexpr (std::is_same_v<T, std::size_t>) {
      return {64,
              0,
              1,
              SIZE_MAX,
              SIZE_MAX - 63,
              SIZE_MAX / 2,
              SIZE_MAX / 3 + 1,
              std::size_t{1} << 31,
              UINT32_MAX,
              static_cast<std::size_t>(Zeros::kMany - 1),
              static_cast<std::size_t>(Zeros::kMany)};
    } else if constexpr (std::is_same_v<T, Text>) {
      return {{"a cat"}, {""}, {std::string_view()}, {"\xFF"}, {{"\0<s>\0", 5}}, {"\xEA\xB0"}, {"  \n"}};
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      return with_many<const char, T>({"a cat", "", std::string_view(), "\xFF\xC0", "<s></s>"});
    } else if constexpr (std::is_same_v<T, List>) {
      return {{tokens_}, {}, {std::span(tokens_).first(1)}, {bad_tokens_}, {std::span(bad_tokens_).last(1)}};
    } else {
      return spans<typename T::element_type>();
    }
  }

  template <class Element>
  std::vector<std::span<Element>> spans() {
    using Span = std::span<Element>;
    if constexpr (std::is_same_v<Element, const std::int32_t>) {
      return with_many<Element, Span>({tokens_, {}, std::span(bad_tokens_), std::span(bad_tokens_).last(1)});
    } else if constexpr (std::is_same_v<Element, const std::uint32_t>) {
      return with_many<Element, Span>({std::span(numbers_).first(1), {}, numbers_, std::span(numbers_).last(1)});
    } else {
      // Enough, none, almost none, one that begins elsewhere, and as many as a small model has tokens.
      const Span all{reinterpret_cast<Element*>(rooms_.emplace_back(kRoom).span().data()), kRoom / sizeof(Element)};
      return with_many<Element, Span>({all, {}, all.first(1), all.subspan(1), all.first(40), all.first(41)});
    }
  }

  template <class Element, class View>
  std::vector<View> with_many(std::vector<View> views) const {
    const Zeros& memory = std::is_const_v<Element> ? zeros_ : room_;
    if (!memory.exist()) return views;
    for (const std::uint64_t count : {std::uint64_t{1} << 31, Zeros::kMany - 2, Zeros::kMany - 1, Zeros::kMany}) {
      const auto many = memory.template of<Element>(count);
      views.push_back(View(many.data(), many.size()));
    }
    return views;
  }

  template <class F, class Answer, class... Arguments>
  void call_all(const F& function, Answer (F::*)(Arguments...) const) {
    if constexpr (sizeof...(Arguments) == 0) {
      restore();
      call(function, std::tuple<>());
    } else {
      const std::tuple<std::vector<Arguments>...> all{values<Arguments>()...};
      const auto with = [&]<std::size_t... at>(std::index_sequence<at...>) {
        constexpr std::size_t kCount = sizeof...(at);
        const std::size_t sizes[] = {std::get<at>(all).size()...};
        std::size_t chosen[kCount] = {};
        const auto attack = [&] {
          restore();
          call(function, std::tuple<Arguments...>{static_cast<Arguments>(std::get<at>(all)[chosen[at]])...});
        };
        attack();
        for (std::size_t one = 0; one < kCount; ++one) {
          for (chosen[one] = 1; chosen[one] < sizes[one]; ++chosen[one]) {
            attack();
            for (std::size_t other = one + 1; other < kCount; ++other) {
              for (chosen[other] = 1; chosen[other] < sizes[other]; ++chosen[other]) attack();
              chosen[other] = 0;
            }
          }
          chosen[one] = 0;
        }
      };
      with(std::index_sequence_for<Arguments...>());
    }
  }

  template <class F, class... Arguments>
  void call(const F& function, const std::tuple<Arguments...>& arguments) {
    ++calls_;
    if constexpr (std::is_void_v<decltype(std::apply(function, arguments))>) {
      std::apply(function, arguments);
      ++succeeded_;
    } else {
      judge(std::apply(function, arguments));
    }
  }

  const std::vector<std::int32_t> tokens_ = {2, 3, 5};
  const std::vector<std::int32_t> bad_tokens_ = {3, 2, -1, INT32_MIN, INT32_MAX};
  const std::vector<std::uint32_t> numbers_ = {0, 0, 1, 1U << 31, UINT32_MAX};
  std::list<AlignedBytes> rooms_;  // of each argument its own
  const char* name_ = "";
  int succeeded_ = 0;
  unsigned read_ = 0;
};

}  // namespace kinglet::testing
