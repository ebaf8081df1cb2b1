#include "tests/bits/running.h"

namespace kinglet::bits {

std::span<std::byte> Running::take(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  if (rounded > free_.size()) return {};
  const std::span<std::byte> taken = free_.first(bytes);
  free_ = free_.subspan(rounded);
  return taken;
}

Status Running::start() {
  auto opened = Model::open({static_cast<const std::byte*>(job.file), job.file_bytes});
  if (!opened.ok()) return opened.status();
  model = *opened;
  if (auto s = model.verify_checksums(); !s.ok()) return s;
  const kinglet_limits& of = job.limits;
  auto plan = Plan::make(model, {.context = of.context,
                                 .source = of.source,
                                 .rows = of.rows,
                                 .source_rows = of.source_rows,
                                 .outputs = of.outputs,
                                 .sequences = of.sequences,
                                 .sources = of.sources,
                                 .threads = of.threads});
  if (!plan.ok()) return plan.status();
  SessionOptions options{.isa = job.options.isa, .features = {}, .parallel = {}, .observer = {}};
  options.parallel = {job.options.parallel_for, job.options.parallel_context};
  if (const kinglet_cpu_features* has = job.options.features; has != nullptr)
    options.features = {.neon = has->neon != 0, .dotprod = has->dotprod != 0, .i8mm = has->i8mm != 0};
  auto created = Session::create(*plan, take(plan->arena_bytes), options);
  if (!created.ok()) return created.status();
  session = *created;
  return {};
}

Status Running::add_logits() const {
  for (std::uint32_t i = 0; i < session->outputs(); ++i) add(session->output(i));
  return {};
}

}  // namespace kinglet::bits
