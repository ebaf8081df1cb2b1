#include "converter/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "converter/printable.h"

namespace kinglet::converter {
namespace {

using nlohmann::json;

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string short_number(double number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.3g", number);
  return text.data();
}

// 1234567 → "1,234,567"
std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string line(const std::string& label, const std::string& what) {
  std::string text = "  " + label;
  text.resize(std::max<std::size_t>(text.size() + 1, 15), ' ');
  return text + what + "\n";
}

std::string side(bool encode) { return encode ? "encode" : "step"; }

std::string full_name(const OperatorFidelity& op) {
  return printable(op.name) + " (" + op.kind + " in " + side(op.encode) + ")";
}

std::string fidelity_text(const Fidelity& fidelity) {
  std::string text = "cosine " + fixed(fidelity.cosine, 6) + ", signal to noise " + decibels(fidelity.snr_db);
  if (fidelity.distribution)
    text += ", KL divergence " + short_number(fidelity.kl) + " nats, top-1 agreement " + fixed(100 * fidelity.top1, 1) +
            " %";
  return text + ", over " + std::to_string(fidelity.rows) + (fidelity.rows == 1 ? " row" : " rows");
}

std::string worst_text(const Fidelity& fidelity) {
  const OperatorFidelity* worst = fidelity.worst();
  return worst == nullptr ? "none" : full_name(*worst) + ", signal to noise " + decibels(worst->snr_db);
}

json perplexity_json(const Perplexity& p) {
  return {{"text", p.text},         {"pieces", p.pieces},   {"tokens", p.tokens},
          {"float", p.float_model}, {"int8", p.int8_model}, {"percent", p.percent()}};
}

std::string q16_text(const ConvertSummary& summary) {
  const auto chosen = static_cast<std::size_t>(
      std::count_if(summary.linears.begin(), summary.linears.end(), [](const LinearNoise& l) { return l.q16; }));
  if (chosen == 0) return "none of " + std::to_string(summary.linears.size()) + " linear layers needs 16-bit inputs";
  std::string text =
      std::to_string(chosen) + " of " + std::to_string(summary.linears.size()) + " linear layers have 16-bit inputs";
  for (const LinearNoise& l : summary.linears) {
    if (l.q16) text += "\n               " + printable(l.name) + ": 8 bits would leave " + decibels(l.q8_db);
  }
  return text;
}

std::string static_text(const std::vector<StaticNoise>& statics) {
  const StaticNoise& worst =
      *std::min_element(statics.begin(), statics.end(), [](const auto& a, const auto& b) { return a.db < b.db; });
  return "ranges of " + std::to_string(statics.size()) + (statics.size() == 1 ? " convolution" : " convolutions") +
         " are in the file, for engines that need them\n               " + printable(worst.name) + ": they leave " +
         decibels(worst.db) +
         (std::isfinite(worst.q8_db) ? ", Kinglet " + decibels(worst.q8_db) : ", Kinglet has floats");
}

json finite_or_null(double number) { return std::isfinite(number) ? json(number) : json(nullptr); }

json operator_json(const OperatorFidelity& op) {
  return {{"function", side(op.encode)},
          {"index", op.op},
          {"name", op.name},
          {"kind", op.kind},
          {"q16", op.q16},
          {"snr_db", finite_or_null(op.snr_db)},
          {"cosine", op.cosine}};
}

json fidelity_json(const Fidelity& fidelity, bool all) {
  json object = {{"rows", fidelity.rows}, {"cosine", fidelity.cosine}, {"snr_db", finite_or_null(fidelity.snr_db)}};
  if (fidelity.distribution) {
    object["kl"] = fidelity.kl;
    object["top1"] = fidelity.top1;
  }
  if (const OperatorFidelity* worst = fidelity.worst()) object["worst"] = operator_json(*worst);
  if (!all) return object;
  object["operators"] = json::array();
  for (const OperatorFidelity& op : fidelity.operators) object["operators"].push_back(operator_json(op));
  return object;
}

}  // namespace

std::string decibels(double db) { return std::isinf(db) && db > 0 ? "exact" : fixed(db, 1) + " dB"; }

std::string perplexity_text(const Perplexity& p) {
  const std::string percent = fixed(p.percent(), 2);
  return "float " + fixed(p.float_model, 4) + ", int8 " + fixed(p.int8_model, 4) + ", " +
         (percent[0] == '-' ? percent : "+" + percent) + " %";
}

std::string perplexity_place(const Perplexity& p) {
  return grouped(p.tokens) + " tokens of " +
         (p.text == "given" ? std::string("the text") : "texts by the " + p.text + " model");
}

std::string to_text(const ConvertSummary& s) {
  std::string operators;
  for (const auto& [kind, count] : s.operators)
    operators += (operators.empty() ? "" : ", ") + kind + " " + std::to_string(count);
  std::string limits;
  if (s.arena_context != 0) limits += "context " + grouped(s.arena_context);
  if (s.arena_source != 0) limits += (limits.empty() ? "" : ", ") + std::string("source ") + grouped(s.arena_source);
  std::string text =
      printable(s.name) + " (" + printable(s.architecture) + ") -> " + printable(s.output.string()) + "\n";
  text += line("parameters", grouped(s.parameters));
  text += line("file", grouped(s.file_bytes) + " bytes");
  text += line("arena", grouped(s.arena_bytes) + " bytes for " + limits);
  text += line("operators", operators);
  text += line("equalized", std::to_string(s.equalized) + (s.equalized == 1 ? " place" : " places"));
  text += line("16 bits", q16_text(s));
  if (!s.statics.empty()) text += line("static int8", static_text(s.statics));
  text += line("fidelity", fidelity_text(s.fidelity));
  text += line("worst", worst_text(s.fidelity));
  text += line("time", fixed(s.seconds, 2) + " s");
  return text;
}

std::string to_text(const Comparison& c) {
  std::string text = printable(c.name) + " (" + printable(c.architecture) + "), " + std::to_string(c.tokens) +
                     " tokens, signal to noise of each operator\n";
  std::size_t width = 0;
  for (const OperatorFidelity& op : c.fidelity.operators) width = std::max(width, printable(op.name).size());
  for (const OperatorFidelity& op : c.fidelity.operators) {
    std::string name = printable(op.name);
    name.resize(width, ' ');
    std::string kind = op.kind + (op.q16 ? " q16" : "");
    kind.resize(std::max<std::size_t>(kind.size(), 14), ' ');
    std::string db = decibels(op.snr_db);
    db.insert(0, db.size() < 9 ? 9 - db.size() : 0, ' ');
    text += "  " + name + "  " + kind + db + "   cosine " + fixed(op.cosine, 6) + "\n";
  }
  text += line("output", fidelity_text(c.fidelity));
  text += line("worst", worst_text(c.fidelity));
  for (const Perplexity& p : c.perplexities)
    text += line("perplexity", "on " + perplexity_place(p) + ": " + perplexity_text(p));
  return text;
}

json to_json(const ConvertSummary& s) {
  json operators = json::object();
  for (const auto& [kind, count] : s.operators) operators[kind] = count;
  json q16 = json::array();
  for (const LinearNoise& l : s.linears) {
    if (l.q16)
      q16.push_back(
          {{"function", side(l.encode)}, {"index", l.op}, {"name", l.name}, {"q8_snr_db", finite_or_null(l.q8_db)}});
  }
  json statics = json::array();
  for (const StaticNoise& one : s.statics)
    statics.push_back({{"index", one.op},
                       {"name", one.name},
                       {"static_snr_db", finite_or_null(one.db)},
                       {"q8_snr_db", finite_or_null(one.q8_db)}});
  return {{"name", s.name},
          {"architecture", s.architecture},
          {"output", s.output.string()},
          {"parameters", s.parameters},
          {"file_bytes", s.file_bytes},
          {"arena_bytes", s.arena_bytes},
          {"limits", {{"context", s.arena_context}, {"source", s.arena_source}}},
          {"operators", operators},
          {"equalized", s.equalized},
          {"linear_layers", s.linears.size()},
          {"q16", q16},
          {"static", statics},
          {"fidelity", fidelity_json(s.fidelity, false)},
          {"warnings", s.warnings},
          {"seconds", s.seconds}};
}

json to_json(const Comparison& c) {
  json object = {{"name", c.name},
                 {"architecture", c.architecture},
                 {"tokens", c.tokens},
                 {"fidelity", fidelity_json(c.fidelity, true)}};
  if (!c.perplexities.empty()) object["perplexities"] = json::array();
  for (const Perplexity& p : c.perplexities) object["perplexities"].push_back(perplexity_json(p));
  return object;
}

}  // namespace kinglet::converter
