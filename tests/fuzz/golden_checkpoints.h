// The golden checkpoints, for harnesses that change what lies beside their weights.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"

namespace kinglet::fuzz {

class GoldenCheckpoints {
 public:
  GoldenCheckpoints() = default;
  explicit GoldenCheckpoints(const std::filesystem::path& goldens) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
      if (!std::filesystem::exists(entry.path() / "config.json")) continue;
      converter::Checkpoint read = converter::read_checkpoint(entry.path());
      by_type_[read.config.value("model_type", "")][entry.path().filename()] = std::move(read);
    }
    // All of CLIP, one of whose towers a file holds.
    converter::Checkpoint both = by_type_.at("clip_text_model").at("clip-text");
    const auto& pictures = by_type_.at("clip_vision_model").at("clip-vision").tensors;
    both.tensors.insert(pictures.begin(), pictures.end());
    by_type_["clip"]["clip"] = std::move(both);
  }

  // Those of a configuration's type, with this configuration: the one whose name is `_name_or_path`, which no architecture reads, or all.
  std::vector<converter::Checkpoint> with(const nlohmann::json& config) const {
    std::vector<converter::Checkpoint> found;
    if (!config.is_object()) return found;
    const auto type = config.find("model_type");
    const auto all =
        type == config.end() || !type->is_string() ? by_type_.begin() : by_type_.find(type->get<std::string>());
    if (all == by_type_.end()) return found;
    const auto name = config.find("_name_or_path");
    const std::string wanted = name == config.end() || !name->is_string() ? "" : name->get<std::string>();
    for (const auto& [own, checkpoint] : all->second) {
      if (own != wanted && all->second.contains(wanted)) continue;
      found.push_back(checkpoint);
      found.back().config = config;
    }
    return found;
  }

 private:
  std::map<std::string, std::map<std::string, converter::Checkpoint>> by_type_;
};

// The whole, and each part that only CLIP has. Whether one of them became a program; else `why` it did not.
inline bool build_parts(const converter::Checkpoint& checkpoint, std::string& why) {
  bool built = false;
  const auto type = checkpoint.config.find("model_type");
  const bool whole = type == checkpoint.config.end() || *type != "clip";
  for (const char* part : {"", "text", "vision"}) {
    if (whole && *part != '\0') break;
    try {
      (void)converter::build_program(converter::part_of(checkpoint, part), {});
      built = true;
    } catch (const converter::Error& error) {
      if (*part == '\0') why = error.what();  // of another shape than this one's, or of no parts
    }
  }
  return built;
}

}  // namespace kinglet::fuzz
