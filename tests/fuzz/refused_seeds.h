// Seeds for every reason to refuse: from a good input all that are alike but for one part, of which those are kept whose answer is new.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace kinglet::fuzz {

using Known = std::set<std::string>;  // answers, each with the part that was changed
using Keep = std::function<void(std::string_view input)>;

// Of a program: each field with other numbers, some elements of each list, each field taken away.
void refused_models(std::span<const std::byte> program, Known& known, const Keep& keep);

// Of a JSON document: some parts of each list and object become anything else, are taken away, or stand there twice. `answer` says what
// a reader says of a document.
void refused_json(const nlohmann::json& document, const std::function<std::string(const std::string& text)>& answer,
                  Known& known, const Keep& keep);

// What a reader answers: an Error's text without numbers, which would make each of them another; or that there was none.
std::string answer_of(const std::function<void()>& read);

}  // namespace kinglet::fuzz
