// The reader of llama2.c's legacy checkpoints: seven int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len;
// a negative vocab_size says that the classifier has its own weights), then float32 tensors in a fixed order.
//
// The result looks like a Llama checkpoint of Hugging Face: its tensor names, its config keys, model_type "llama2c". The rows of
// q and k are marked as interleaved (Tensor::interleaved), because llama2.c turns neighbouring pairs.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "converter/checkpoint.h"

namespace kinglet::converter {

Checkpoint read_llama2c(const std::filesystem::path& path);
// The pure form; the tensors point into `file`.
Checkpoint read_llama2c(std::span<const std::byte> file, const std::string& where);

}  // namespace kinglet::converter
