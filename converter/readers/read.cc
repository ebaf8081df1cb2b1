#include "converter/readers/read.h"

#include <algorithm>
#include <set>

#include "converter/error.h"
#include "converter/readers/json.h"
#include "converter/readers/llama2c.h"
#include "converter/readers/safetensors.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model.safetensors.index.json";

// A file of the checkpoint's own directory: an index must not lead anywhere else.
bool plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

void read_shards(const fs::path& directory, Checkpoint& checkpoint) {
  const fs::path index = directory / kIndex;
  const nlohmann::json object = read_json_object(index);
  const auto map = object.find("weight_map");
  if (map == object.end() || !map->is_object() || map->empty())
    throw Error("no weight_map in " + index.string() + ": download the file again");
  std::set<std::string> files;
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string() || !plain_name(file.get_ref<const std::string&>())) {
      throw Error("tensor " + name + " lies in no plain file name in " + index.string() +
                  ": shards must lie beside the index");
    }
    files.insert(file.get<std::string>());
  }
  for (const std::string& file : files) read_safetensors(directory / file, checkpoint);
  for (const auto& [name, file] : map->items()) {
    if (checkpoint.find(name) == nullptr && !checkpoint.unread.contains(name)) {
      throw Error("tensor " + name + " is not in " + (directory / file.get<std::string>()).string() + ", where " +
                  kIndex + " says it is: download the shard again");
    }
  }
}

std::vector<fs::path> safetensors_in(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void read_weights(const fs::path& directory, Checkpoint& checkpoint) {
  if (fs::exists(directory / "model.safetensors")) return read_safetensors(directory / "model.safetensors", checkpoint);
  if (fs::exists(directory / kIndex)) return read_shards(directory, checkpoint);
  const auto found = safetensors_in(directory);
  if (found.size() == 1) return read_safetensors(found.front(), checkpoint);
  if (!found.empty())
    throw Error("several *.safetensors but no " + std::string(kIndex) + " in " + directory.string() +
                ": add the index that belongs to them");
  const bool pickled =
      fs::exists(directory / "pytorch_model.bin") || fs::exists(directory / "pytorch_model.bin.index.json");
  throw Error("no *.safetensors in " + directory.string() +
              (pickled ? ": save the model with model.save_pretrained(…, safe_serialization=True)"
                       : ": SOURCE must hold the weights"));
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& source) {
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  if (!fs::exists(status))
    throw Error("nothing at " + source.string() + ": SOURCE is a checkpoint's directory or a llama2.c file");
  if (!fs::is_directory(status)) {
    if (source.extension() == ".safetensors")
      throw Error("a lone weights file, " + source.string() + ": give the directory that holds it and its config.json");
    return read_llama2c(source);
  }
  if (!fs::exists(source / "config.json"))
    throw Error("no config.json in " + source.string() + ": SOURCE must hold config.json and *.safetensors");
  Checkpoint checkpoint;
  checkpoint.path = source;
  checkpoint.config = read_json_object(source / "config.json");
  read_weights(source, checkpoint);
  return checkpoint;
}

}  // namespace kinglet::converter
