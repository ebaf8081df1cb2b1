#include "converter/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "converter/summary.h"

namespace kinglet::converter {
namespace {

// Text of a checkpoint (names) inside HTML.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string number(double x, const char* format) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, x);
  return text.data();
}

// Colours are the reader's choice of light or dark; a bar's class says how good it is.
constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%TITLE%</title>
<style>
:root { --ink: #1c2024; --paper: #fcfcfd; --quiet: #60646c; --line: #e0e1e6; --good: #2b9a66; --fair: #c98a00; --poor: #ce2c31; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --paper: #111113; --quiet: #b0b4ba; --line: #363a3f; --good: #33b074; --fair: #ffca16; --poor: #ec5d5e; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 600; } td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.quiet { color: var(--quiet); } .scroll { overflow-x: auto; }
svg text { fill: var(--ink); font: 12px ui-monospace, monospace; } svg .axis { stroke: var(--line); } svg .limit { stroke: var(--quiet); stroke-dasharray: 3 3; }
.good { fill: var(--good); } .fair { fill: var(--fair); } .poor { fill: var(--poor); }
</style></head><body>
)";

std::string page(const std::string& title, const std::string& body) {
  std::string head = kHead;
  const std::string mark = "%TITLE%";
  head.replace(head.find(mark), mark.size(), escaped(title));
  return head + "<h1>" + escaped(title) + "</h1>\n" + body + "</body></html>\n";
}

std::string row(const std::string& label, const std::string& value) {
  return "<tr><th>" + escaped(label) + "</th><td>" + escaped(value) + "</td></tr>\n";
}

const char* grade(double db) { return db >= 30 ? "good" : db >= 20 ? "fair" : "poor"; }

// One bar for each operator, from 0 to 60 dB.
std::string bars(const Fidelity& fidelity, bool encode) {
  constexpr double kMost = 60, kWidth = 420, kStep = 18, kLeft = 340;
  std::string svg;
  double y = 24;
  for (const OperatorFidelity& op : fidelity.operators) {
    if (op.encode != encode) continue;
    const double width = std::clamp(op.snr_db, 0.0, kMost) / kMost * kWidth;
    const std::string label = op.name.size() > 46 ? "…" + op.name.substr(op.name.size() - 45) : op.name;
    svg += "<g><title>" +
           escaped(op.name + ", " + op.kind + (op.q16 ? " with 16-bit input" : "") + ": " + decibels(op.snr_db)) +
           ", cosine " + number(op.cosine, "%.6f") + "</title>";
    svg += "<text x=\"" + number(kLeft - 6, "%.0f") + "\" y=\"" + number(y + 11, "%.0f") + "\" text-anchor=\"end\">" +
           escaped(label) + "</text>";
    svg += "<rect class=\"" + std::string(grade(op.snr_db)) + "\" x=\"" + number(kLeft, "%.0f") + "\" y=\"" +
           number(y, "%.0f") + "\" width=\"" + number(width, "%.1f") + "\" height=\"13\"/>";
    svg += "<text x=\"" + number(kLeft + width + 6, "%.1f") + "\" y=\"" + number(y + 11, "%.0f") + "\">" +
           decibels(op.snr_db) + (op.q16 ? " q16" : "") + "</text></g>\n";
    y += kStep;
  }
  if (svg.empty()) return {};
  std::string axis;
  for (double db = 0; db <= kMost; db += 10) {
    const std::string x = number(kLeft + db / kMost * kWidth, "%.1f");
    axis += "<line class=\"" + std::string(db == 30 ? "limit" : "axis") + "\" x1=\"" + x + "\" x2=\"" + x +
            "\" y1=\"18\" y2=\"" + number(y, "%.0f") + "\"/>";
    axis += "<text x=\"" + x + "\" y=\"12\" text-anchor=\"middle\">" + number(db, "%.0f") + "</text>\n";
  }
  return "<h2>Signal to noise of each operator in " + std::string(encode ? "encode" : "step") +
         ", dB</h2>\n<div class=\"scroll\"><svg role=\"img\" width=\"860\" height=\"" + number(y + 6, "%.0f") + "\">" +
         axis + svg + "</svg></div>\n";
}

std::string output_rows(const Fidelity& fidelity) {
  std::string rows = row("Rows compared", std::to_string(fidelity.rows)) +
                     row("Cosine of the output", number(fidelity.cosine, "%.6f")) +
                     row("Signal to noise of the output", decibels(fidelity.snr_db));
  if (fidelity.distribution) {
    rows += row("KL divergence", number(fidelity.kl, "%.3g") + " nats") +
            row("Top-1 agreement", number(100 * fidelity.top1, "%.1f") + " %");
  }
  if (const OperatorFidelity* worst = fidelity.worst())
    rows += row("Worst operator", worst->name + " (" + worst->kind + "), " + decibels(worst->snr_db));
  return rows;
}

std::string fidelity_section(const Fidelity& fidelity) {
  return "<p class=\"quiet\">int8 against float: 30 dB and more is good, below 20 dB is poor. Hover over a bar for "
         "details.</p>\n" +
         bars(fidelity, true) + bars(fidelity, false);
}

std::string q16_section(const std::vector<LinearNoise>& linears) {
  std::string rows;
  for (const LinearNoise& l : linears) {
    if (l.q16) rows += "<tr><td>" + escaped(l.name) + "</td><td class=\"n\">" + decibels(l.q8_db) + "</td></tr>\n";
  }
  if (rows.empty()) return "<h2>16-bit inputs</h2>\n<p>No linear layer needs them.</p>\n";
  return "<h2>16-bit inputs</h2>\n<table><tr><th>Linear layer</th><th>signal to noise that 8 bits would "
         "leave</th></tr>\n" +
         rows + "</table>\n";
}

std::string static_section(const std::vector<StaticNoise>& statics) {
  if (statics.empty()) return {};
  std::string rows;
  for (const StaticNoise& one : statics)
    rows += "<tr><td>" + escaped(one.name) + "</td><td class=\"n\">" + decibels(one.db) + "</td><td class=\"n\">" +
            decibels(one.q8_db) + "</td></tr>\n";
  return "<h2>Static int8</h2>\n<table><tr><th>Convolution</th><th>signal to noise with the file's ranges</th><th>with "
         "a "
         "scale for each window</th></tr>\n" +
         rows + "</table>\n";
}

}  // namespace

std::string to_html(const ConvertSummary& s) {
  std::string operators;
  for (const auto& [kind, count] : s.operators)
    operators += (operators.empty() ? "" : ", ") + kind + " " + std::to_string(count);
  std::string body = "<table>\n" + row("Architecture", s.architecture) +
                     row("Parameters", std::to_string(s.parameters)) +
                     row("File", std::to_string(s.file_bytes) + " bytes");
  body += row("Arena", std::to_string(s.arena_bytes) + " bytes for context " + std::to_string(s.arena_context) +
                           ", source " + std::to_string(s.arena_source));
  body += row("Operators", operators) + row("Equalized", std::to_string(s.equalized) + " places") +
          row("Time", number(s.seconds, "%.2f") + " s");
  for (const std::string& warning : s.warnings) body += row("Warning", warning);
  body += output_rows(s.fidelity) + "</table>\n" + q16_section(s.linears) + static_section(s.statics) +
          fidelity_section(s.fidelity);
  return page(s.name + ": conversion to int8", body);
}

std::string to_html(const Comparison& c) {
  std::string body = "<table>\n" + row("Architecture", c.architecture) + row("Tokens", std::to_string(c.tokens)) +
                     output_rows(c.fidelity);
  for (const Perplexity& p : c.perplexities) body += row("Perplexity on " + perplexity_place(p), perplexity_text(p));
  body += "</table>\n" + fidelity_section(c.fidelity);
  return page(c.name + ": int8 against float", body);
}

}  // namespace kinglet::converter
