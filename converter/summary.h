// What the converter says at its end: as text for people, as one JSON object for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "converter/convert.h"

namespace kinglet::converter {

std::string to_text(const ConvertSummary& summary);
std::string to_text(const Comparison& comparison);
nlohmann::json to_json(const ConvertSummary& summary);
nlohmann::json to_json(const Comparison& comparison);

std::string perplexity_text(const Perplexity& perplexity);   // "float 3.7342, int8 3.7510, +0.45 %"
std::string perplexity_place(const Perplexity& perplexity);  // "4,000 tokens of texts by the float model"

// "12.3 dB"; "exact" where there is no noise.
std::string decibels(double db);

}  // namespace kinglet::converter
