#include "engine.h"

#include <algorithm>

#include "cpu_features.h"
#include "failure.h"
#include "kinglet/isa.h"
#include "machine.h"

namespace kinglet::host {
namespace {

Plan plan_for(const Opened& opened, const Common& common, Limits limits) {
  limits.threads = threads_of(common);
  return value_of(opened.path(), Plan::make(opened.model(), limits));
}

}  // namespace

void check_isa(const std::string& name) {
  if (name.empty()) return;
  std::string known;
  for (const Isa& isa : isas(cpu_features())) {
    if (name == isa.name && isa.available) return;
    if (name == isa.name) throw Failure("--isa " + name + ": this processor does not run it: see --isa list");
    known += (known.empty() ? "" : ", ") + std::string(isa.name);
  }
  throw Misuse("--isa " + name + ": there is no such kernel set: one of " + known + ", or list");
}

Opened::Opened(const std::string& path)
    : path_(path),
      file_(path),
      model_(value_of(path, Model::open(file_.bytes()))) {}

std::string Opened::name() const {
  const auto* name = root().name();
  return name == nullptr || name->size() == 0 ? path_ : name->str();
}

std::uint32_t threads_of(const Common& common) { return common.threads != 0 ? common.threads : physical_cores(); }

void require_words(const Opened& opened) {
  if (opened.root().target_tokenizer() == nullptr)
    throw Failure(opened.path() + ": this model has no tokenizer, so it writes tokens only: convert the checkpoint " +
                  "with its tokenizer.json");
}

Limits limits_of(const Opened& opened, const Common& common) {
  constexpr std::uint32_t kSource = 4096;  // memory that no text reaches is never touched
  Limits limits;
  if (opened.model().has_encoder()) limits.source = std::min(opened.root().source(), kSource);
  if (opened.model().has_decoder()) limits.context = common.context;
  else if (common.context != 0) limits.source = common.context;
  if (!opened.model().has_decoder()) limits.outputs = limits.source;  // where each token has an output
  return limits;
}

Engine::Engine(const Opened& opened, const Common& common, Limits limits)
    : path_(opened.path()),
      isa_(common.isa),
      threads_(threads_of(common)),
      plan_(plan_for(opened, common, limits)),
      arena_(plan_.arena_bytes + OtherEngine::kReadsBehind),
      other_(common.provider) {
  restart({});
}

void Engine::restart(const Observer& observer) {
  SessionOptions options;
  options.isa = isa_.empty() ? nullptr : isa_.c_str();
  options.features = cpu_features();
  options.parallel = threads_.parallel();
  options.observer = observer;
  options.cache_bytes = last_level_cache_bytes();
  const std::span<std::byte> arena = arena_.bytes().first(plan_.arena_bytes);
  session_ = value_of(path_, other_.create(plan_, arena, options, threads_.pool()));
}

}  // namespace kinglet::host
