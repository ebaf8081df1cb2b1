// kinglet inspect: what is in a file, and the memory it takes.
#include <cstdio>
#include <set>

#include "commands/commands.h"
#include "describe.h"
#include "failure.h"
#include "json.h"
#include "text.h"
#include "text/parts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  std::uint32_t rows = 0;
  std::uint32_t source = 0;
  std::uint32_t sequences = 1;
  bool all = false;
  bool build_options = false;
};

Plan plan_of(const Opened& opened, const Options& options) {
  Limits limits{.context = options.common.context,
                .source = options.source,
                .rows = options.rows,
                .sequences = options.sequences,
                .threads = threads_of(options.common)};
  if (!opened.model().has_decoder()) limits.context = 0;
  if (!opened.model().has_decoder() && limits.source == 0) limits.source = options.common.context;
  return value_of(opened.path(), Plan::make(opened.model(), limits));
}

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? "" : text->str(); }

std::string list(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string program_text(const fb::Model& root, const fb::Function& function) {
  std::string text;
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    const Described op = describe(root, function, *function.operators()->Get(i));
    char head[96];
    std::snprintf(head, sizeof(head), "  %5u  %-13s ", i, op.kind.c_str());
    text += head + op.name + (op.detail.empty() ? "" : " (" + op.detail + ")") + "\n";
    const std::string indent(24, ' ');
    if (!op.inputs.empty() || !op.outputs.empty()) text += indent + list(op.inputs) + " -> " + list(op.outputs) + "\n";
    if (!op.weights.empty()) text += indent + "weights " + list(op.weights) + "\n";
    if (!op.states.empty()) text += indent + "state " + list(op.states) + "\n";
  }
  return text;
}

Json program_json(const fb::Model& root, const fb::Function& function) {
  Json operators = Json::array();
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    const Described op = describe(root, function, *function.operators()->Get(i));
    operators.push_back({{"operator", op.kind},
                         {"name", op.name},
                         {"detail", op.detail},
                         {"inputs", op.inputs},
                         {"outputs", op.outputs},
                         {"weights", op.weights},
                         {"states", op.states}});
  }
  return operators;
}

std::uint64_t bytes_of(const fb::Weight& weight) {
  return weight.data()->bytes() + (weight.scales() == nullptr ? 0 : weight.scales()->bytes());
}

std::uint64_t parameters(const fb::Model& root) {
  std::uint64_t count = 0;
  for (const auto* weight : *root.weights()) count += std::uint64_t{weight->rows()} * weight->columns();
  return count;
}

std::string weights_text(const fb::Model& root) {
  std::string text;
  for (std::uint32_t i = 0; i < root.weights()->size(); ++i) {
    const fb::Weight& weight = *root.weights()->Get(i);
    char line[160];
    std::snprintf(line, sizeof(line), "  %5u  %-9s %9u x %-8u %14llu bytes  ", i, fb::EnumNameLayout(weight.layout()),
                  weight.rows(), weight.columns(), static_cast<unsigned long long>(bytes_of(weight)));
    text += line + printable(text_of(weight.name())) + "\n";
  }
  return text;
}

std::string source_text(const fb::Model& root) {
  const fb::Input* input = root.input();
  if (input == nullptr)
    return "up to " + std::to_string(root.source()) + " tokens of a vocabulary of " +
           std::to_string(root.source_vocabulary());
  const std::string grid = std::to_string(input->grid()->height()) + " x " + std::to_string(input->grid()->width());
  std::string of = input->picture() != nullptr ? ", of a picture" : "";
  if (const fb::Sound* sound = input->sound())
    of = ", mel bands of a sound of " + std::to_string(sound->rate()) + " samples a second";
  return std::to_string(root.source()) + " rows of a grid of " + grid + " with " + std::to_string(input->channels()) +
         " channels" + of;
}

std::string head_text(const Opened& opened) {
  const fb::Model& root = opened.root();
  std::string text = printable(opened.name()) + ": " + printable(text_of(root.architecture())) + ", to " +
                     task_text(root.task()) + "\n";
  text += "  file       " + bytes_text(opened.bytes()) + ", format " + std::to_string(root.version()) + "\n";
  text += "  weights    " + std::to_string(parameters(root)) + " numbers in " + std::to_string(root.weights()->size()) +
          " tensors, " + bytes_text(root.segment_bytes()) + "\n";
  if (opened.model().has_encoder()) text += "  source     " + source_text(root) + "\n";
  if (opened.model().has_decoder())
    text += "  context    up to " + std::to_string(root.context()) + " tokens of a vocabulary of " +
            std::to_string(root.vocabulary()) + "\n";
  text += "  tokenizer  " + (root.tokenizer() == nullptr ? "none" : tokenizer_text(*root.tokenizer())) + "\n";
  if (root.target_tokenizer() != nullptr) text += "  target     " + tokenizer_text(*root.target_tokenizer()) + "\n";
  if (root.labels() != nullptr && root.labels()->size() != 0)
    text += "  labels     " + std::to_string(root.labels()->size()) + "\n";
  text += std::string("  chat       ") + (root.chat() == nullptr ? "no template" : "template") + "\n";
  if (root.properties() == nullptr) return text;
  for (const auto* property : *root.properties())
    text += "  " + printable(property->key()->str()) + ": " + printable(text_of(property->text())) + "\n";
  return text;
}

std::string limits_text(const Plan& plan) {
  const Limits& l = plan.limits;
  const auto number = [](std::uint32_t x) { return std::to_string(x); };
  std::string text =
      "\narena: " + std::to_string(plan.arena_bytes) + " bytes (" + bytes_text(plan.arena_bytes) + ") for";
  if (plan.model.has_decoder()) text += " context " + number(l.context) + ", rows " + number(l.rows) + ",";
  if (plan.model.has_encoder())
    text += " source " + number(l.source) + ", rows of a call " + number(l.source_rows) + ",";
  return text + " sequences " + number(l.sequences) + ", threads " + number(l.threads) + "\n";
}

int show(const Opened& opened, const Plan& plan, bool all) {
  const fb::Model& root = opened.root();
  std::string text = head_text(opened);
  for (const bool encode : {true, false}) {
    const fb::Function* function = encode ? root.encode() : root.step();
    if (function != nullptr)
      text += std::string("\n") + (encode ? "encode" : "step") + ": %value kind [extent, width]\n" +
              program_text(root, *function);
  }
  text += "\nweights\n" + weights_text(root) + limits_text(plan) + arena_map(plan);
  for (const bool encode : {true, false}) {
    if ((encode ? root.encode() : root.step()) == nullptr) continue;
    text += std::string("\nworking memory of ") + (encode ? "encode" : "step") +
            ": a line per operator, a letter per value, ~ scratch, . free\n" + memory_map(plan, encode, all);
  }
  print(text);
  return 0;
}

int show_json(const Opened& opened, const Plan& plan) {
  const fb::Model& root = opened.root();
  Json json{{"name", opened.name()},
            {"architecture", text_of(root.architecture())},
            {"task", task_text(root.task())},
            {"format", root.version()},
            {"file_bytes", opened.bytes()},
            {"parameters", parameters(root)},
            {"weight_bytes", root.segment_bytes()},
            {"context", root.context()},
            {"source", root.source()},
            {"vocabulary", root.vocabulary()},
            {"source_vocabulary", root.source_vocabulary()}};
  if (const fb::Input* input = root.input())
    json["input"] = {{"height", input->grid()->height()},
                     {"width", input->grid()->width()},
                     {"channels", input->channels()},
                     {"picture", input->picture() != nullptr},
                     {"sound", input->sound() != nullptr}};
  json["tokenizer"] = root.tokenizer() == nullptr ? Json() : Json(tokenizer_text(*root.tokenizer()));
  json["target_tokenizer"] =
      root.target_tokenizer() == nullptr ? Json() : Json(tokenizer_text(*root.target_tokenizer()));
  json["chat"] = root.chat() != nullptr;
  json["labels"] = Json::array();
  if (root.labels() != nullptr) {
    for (const auto* label : *root.labels()) json["labels"].push_back(label->str());
  }
  json["properties"] = Json::object();
  if (root.properties() != nullptr) {
    for (const auto* property : *root.properties())
      json["properties"][property->key()->str()] = text_of(property->text());
  }
  json["encode"] = root.encode() == nullptr ? Json() : program_json(root, *root.encode());
  json["step"] = root.step() == nullptr ? Json() : program_json(root, *root.step());
  json["weights"] = Json::array();
  for (const auto* weight : *root.weights()) {
    json["weights"].push_back({{"name", text_of(weight->name())},
                               {"type", fb::EnumNameWeightType(weight->type())},
                               {"layout", fb::EnumNameLayout(weight->layout())},
                               {"rows", weight->rows()},
                               {"columns", weight->columns()},
                               {"bytes", bytes_of(*weight)}});
  }
  const Limits& l = plan.limits;
  json["limits"] = {{"context", l.context},         {"source", l.source},   {"rows", l.rows},
                    {"source_rows", l.source_rows}, {"outputs", l.outputs}, {"sequences", l.sequences},
                    {"threads", l.threads}};
  json["arena"] = {{"bytes", plan.arena_bytes},
                   {"tables", plan.tables_bytes},
                   {"states", plan.states_bytes},
                   {"working", plan.working_bytes}};
  print(json_pages(json));
  return 0;
}

// What a build for this file alone is told (KINGLET_PARTS of CMakeLists.txt).
int show_build_options(const fb::Model& root, bool json) {
  std::set<std::string> parts;
  for (const fb::Function* function : {root.encode(), root.step()}) {
    if (function == nullptr) continue;
    for (const auto* op : *function->operators()) parts.insert(fb::EnumNameBody(op->body_type()));
  }
  for (const fb::Tokenizer* tokenizer : {root.tokenizer(), root.target_tokenizer()}) {
    if (tokenizer == nullptr) continue;
    parts.insert(fb::EnumNameTokenModel(tokenizer->model()));
    if (text::needs_unicode(*tokenizer)) parts.insert("Unicode");
    if (text::needs_charsmap(*tokenizer)) parts.insert("Charsmap");
  }
  if (const fb::Input* input = root.input(); input != nullptr) {
    if (input->sound() != nullptr) parts.insert("Sounds");
    if (input->picture() != nullptr) parts.insert("Pictures");
  }
  parts.insert("Messages");
  if (root.step() != nullptr)
    parts.insert({"Beams", "Sampling"});  // a build that only takes the best token needs neither
  if (json) {
    print(json_pages({{"parts", parts}}));
    return 0;
  }
  std::string line;
  for (const auto& part : parts) line += (line.empty() ? "" : ";") + part;
  print("-DKINGLET_PARTS=\"" + line + "\"\n");
  return 0;
}

int inspect(Options& options) {
  if (lists_isas(options.common)) return 0;
  const Opened opened(options.common.file);
  if (options.build_options) return show_build_options(opened.root(), options.common.json);
  const Plan plan = plan_of(opened, options);
  return options.common.json ? show_json(opened, plan) : show(opened, plan, options.all);
}

}  // namespace

Run add_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("--rows", options->rows, "Tokens of one call of the decoder (default: at most 128)")
      ->check(between(1, 1 << 20))
      ->type_name("N");
  app.add_option("--source", options->source, "Longest source text, in tokens")
      ->check(between(1, 1 << 17))
      ->type_name("N");
  app.add_option("--sequences", options->sequences, "Texts at once")
      ->check(between(1, 4096))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--all", options->all, "Draw every line of the memory map");
  app.add_flag("--build-options", options->build_options,
               "Print what CMake is told for a runtime that runs this file and leaves out the rest; Beams, Sampling "
               "and Messages may go, too");
  app.footer("Example: kinglet inspect model.kgl --context 256");
  return [options] { return inspect(*options); };
}

}  // namespace kinglet::host
