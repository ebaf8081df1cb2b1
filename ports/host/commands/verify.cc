// kinglet verify: everything that can be checked about a file.
#include <cstdio>

#include "commands/commands.h"
#include "failure.h"
#include "json.h"
#include "text.h"

namespace kinglet::host {
namespace {

std::uint32_t operators(const fb::Function* function) {
  return function == nullptr ? 0 : function->operators()->size();
}

// The weight is named: a person knows it by its name.
void check_weights(const Opened& opened) {
  const Status checked = opened.model().verify_checksums();
  if (checked.ok()) return;
  const auto& weight = *opened.root().weights()->Get(static_cast<std::uint32_t>(checked.subject()));
  const std::string name =
      weight.name() == nullptr ? "weight " + std::to_string(checked.subject()) : weight.name()->str();
  throw Failure(opened.path() + ": " + name + ": " + checked.message() +
                ": convert the model again, or copy the file again");
}

int verify(Common& common) {
  if (lists_isas(common)) return 0;
  const Opened opened(common.file);
  check_weights(opened);
  const fb::Model& root = opened.root();
  const std::uint32_t steps = operators(root.step()), encodes = operators(root.encode());
  if (common.json) {
    print(json_line({{"file", common.file},
                     {"ok", true},
                     {"bytes", opened.bytes()},
                     {"format", root.version()},
                     {"encode_operators", encodes},
                     {"step_operators", steps},
                     {"weights", root.weights()->size()},
                     {"weight_bytes", root.segment_bytes()},
                     {"tokenizer", root.tokenizer() != nullptr}}));
    return 0;
  }
  std::string text = common.file + ": ok\n";
  text += "  container   format " + std::to_string(root.version()) + ", " + bytes_text(opened.bytes()) + "\n";
  text += "  program     " + std::to_string(encodes + steps) + " operators: shapes, indices, order and limits\n";
  text += "  weights     " + std::to_string(root.weights()->size()) + " weights, " + bytes_text(root.segment_bytes()) +
          ": bounds and checksums\n";
  text += std::string("  tokenizer   ") + (root.tokenizer() == nullptr ? "none" : "tables") +
          (root.target_tokenizer() == nullptr ? "" : ", and those of the target") + "\n";
  print(text);
  return 0;
}

}  // namespace

Run add_verify(CLI::App& app) {
  auto common = std::make_shared<Common>();
  add_common(app, *common, {.session = false, .json = true});
  app.footer("Example: kinglet verify model.kgl");
  return [common] { return verify(*common); };
}

}  // namespace kinglet::host
