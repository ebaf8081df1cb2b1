// The list of architectures. Each is one file here that maps a checkpoint's tensor names and config to operators.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "../builder.h"

namespace kinglet::converter {

struct ConvertOptions {
  std::uint32_t context = 0;  // 0: what the checkpoint says
};

struct Architecture {
  std::string_view model_type;  // as config.json says
  void (*build)(Builder& builder, const ConvertOptions& options);
};

std::span<const Architecture> architectures();

// One of the models in a checkpoint that has several (CLIP's towers: "text", "vision"), or, of no part, the checkpoint that is one. Throws
// Error where the part is missing, or too much.
Checkpoint part_of(Checkpoint checkpoint, const std::string& part);

// Builds the float program; throws Error for an unknown model_type (it lists the known ones) and for bad checkpoints.
Program build_program(const Checkpoint& checkpoint, const ConvertOptions& options);

}  // namespace kinglet::converter
