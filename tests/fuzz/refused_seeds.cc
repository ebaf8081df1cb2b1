#include "tests/fuzz/refused_seeds.h"

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "converter/error.h"
#include "kinglet/model.h"
#include "tests/aligned.h"
#include "tests/fuzz/model_bytes.h"
#include "tests/fuzz/numbers.h"

namespace kinglet::fuzz {
namespace {

using nlohmann::json;

constexpr unsigned kOfEach = 3;  // instances of a field in one model, and parts of a list

struct Other {
  std::string how;
  std::uint64_t value;
};

std::vector<Other> others(std::uint64_t value, unsigned bytes) {
  std::vector<Other> all = {{"none", 0},
                            {"all", ~std::uint64_t{0}},
                            {"one", 1},
                            {"more", value + 1},
                            {"less", value - 1},
                            {"twice", value * 2},
                            {"half", value / 2},
                            {"some", 48},
                            {"less than none", ~std::uint64_t{0} - 1},
                            {"many", 5000},
                            {"too many", 1U << 19U},
                            {"most", 0x7fffffff},
                            {"no number", 0x7fc00000}};
  if (bytes == 1) {
    for (std::uint64_t i = 2; i < 26; ++i) all.push_back({std::to_string(i), i});
  }
  return all;
}

class Models {
 public:
  Models(std::span<const std::byte> program, Known& known, const Keep& keep)
      : program_(program.begin(), program.end()),
        file_(with_weights(program, 1)),
        known_(known),
        keep_(keep) {}

  void all() {
    const Numbers numbers(program_);
    for (const auto* list : {&numbers.fields, &numbers.elements}) {
      for (const Number& number : *list) change(number);
    }
    for (const Number& place : numbers.places) put(place, 0, "taken away");
    for (const std::size_t size : {std::size_t{0}, std::size_t{15}, program_.size() / 2, program_.size() - 1})
      keep_({reinterpret_cast<const char*>(program_.data()), size});
  }

 private:
  void change(const Number& number) {
    if (++seen_[number.field * 16 + number.bytes] > kOfEach) return;
    std::uint64_t value = 0;
    std::memcpy(&value, program_.data() + number.at, number.bytes);
    for (const Other& other : others(value, number.bytes)) put(number, other.value, other.how);
  }

  void put(const Number& number, std::uint64_t value, const std::string& how) {
    std::byte* at = file_.span().data() + number.at;
    std::byte before[8];
    std::memcpy(before, at, number.bytes);
    std::memcpy(at, &value, number.bytes);
    const auto model = Model::open(file_.span());
    const std::string answer = model.ok() ? "accepted" : model.status().message();
    if (known_.insert(answer + std::to_string(number.field) + how).second)
      keep_({reinterpret_cast<const char*>(file_.span().data()), program_.size()});
    std::memcpy(at, before, number.bytes);
  }

  std::vector<std::byte> program_;
  testing::AlignedBytes file_;
  Known& known_;
  const Keep& keep_;
  std::map<unsigned, unsigned> seen_;
};

class Documents {
 public:
  Documents(const json& document, const std::function<std::string(const std::string&)>& answer, Known& known,
            const Keep& keep)
      : document_(document),
        answer_(answer),
        known_(known),
        keep_(keep) {}

  void all() { part(document_, ""); }

 private:
  void part(json& node, const std::string& place) {
    const json before = node;
    for (const json& other : {json(), json(true), json(false), json(-1), json(1), json(300), json(1e300), json(""),
                              json("x y z"), json("\xE2\x96\x81"), json::array(), json::object(), json::array({1})}) {
      node = other;
      ask(place + other.type_name());
    }
    node = before;
    if (!node.is_structured()) return;
    unsigned parts = 0;
    const bool list = node.is_array();
    for (std::size_t i = 0; i < before.size() && (parts < kOfEach || before.size() < 24); ++i, ++parts) {
      const auto entry = std::next(before.begin(), static_cast<std::ptrdiff_t>(i));
      const std::string key = list ? std::to_string(i) : entry.key();
      if (list) node.erase(i);
      else node.erase(key);
      ask(place + "without");
      if (list) {
        node = before;
        node.push_back(*entry);
        ask(place + "twice");
      }
      node = before;
      part(list ? node[i] : node[key], place + (before.size() < 24 ? key + "." : "_."));
    }
  }

  void ask(const std::string& how) {
    const std::string text = document_.dump(-1, ' ', false, json::error_handler_t::replace);
    if (known_.insert(answer_(text) + how).second) keep_(text);
  }

  json document_;
  const std::function<std::string(const std::string&)>& answer_;
  Known& known_;
  const Keep& keep_;
};

}  // namespace

void refused_models(std::span<const std::byte> program, Known& known, const Keep& keep) {
  Models(program, known, keep).all();
}

void refused_json(const json& document, const std::function<std::string(const std::string&)>& answer, Known& known,
                  const Keep& keep) {
  Documents(document, answer, known, keep).all();
}

std::string answer_of(const std::function<void()>& read) {
  try {
    read();
    return "accepted";
  } catch (const converter::Error& error) {
    std::string text = error.what();
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
  }
}

}  // namespace kinglet::fuzz
