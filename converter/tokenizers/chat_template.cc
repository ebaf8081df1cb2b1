// One function per family. assistant_before is what stands before an answer still to come: where a template writes a space
// before answers that it repeats, the model has written that space itself.
#include "converter/tokenizers/chat_template.h"

#include <algorithm>

#include "converter/tokenizers/settings.h"

namespace kinglet::converter {
namespace {

struct Source {
  std::string jinja;  // "\n" written out
  std::string bos;
  std::string eos;

  bool has(std::string_view text) const { return jinja.find(text) != std::string::npos; }
  bool has_any(std::initializer_list<std::string_view> texts) const {
    return std::any_of(texts.begin(), texts.end(), [&](std::string_view text) { return has(text); });
  }
  std::string first() const { return has("bos_token") ? bos : std::string(); }
  bool trims() const {
    return has_any({"content'] | trim", "content']|trim", "content\"] | trim", "content\"]|trim", "content | trim",
                    "content|trim", "content'].strip()", "content.strip()"});
  }
};

// The literal text between `before` and `after`, where it is no expression; empty where there is none.
std::string literal_between(const std::string& text, std::string_view before, std::string_view after) {
  for (std::size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    const std::size_t begin = at + before.size();
    const std::size_t end = text.find(after, begin);
    if (end == std::string::npos || end == begin) continue;
    const char first = text[begin];
    if (first != '\'' && first != '"' && first != '{' && first != '<') return text.substr(begin, end - begin);
  }
  return {};
}

// ChatML: Qwen, SmolLM, and many fine-tuned models.
fb::ChatTemplateT chatml(const Source& source) {
  fb::ChatTemplateT t;
  t.prefix = source.first();
  t.system_before = "<|im_start|>system\n";
  t.user_before = "<|im_start|>user\n";
  t.assistant_before = "<|im_start|>assistant\n";
  t.system_after = t.user_after = t.assistant_after = "<|im_end|>\n";
  t.default_system = literal_between(source.jinja, t.system_before, "<|im_end|>");
  t.trim = source.trims();
  return t;
}

fb::ChatTemplateT llama3(const Source& source) {
  const auto header = [](const std::string& role) { return "<|start_header_id|>" + role + "<|end_header_id|>\n\n"; };
  fb::ChatTemplateT t;
  t.prefix = source.first();
  t.system_before = header("system");
  t.user_before = header("user");
  t.assistant_before = header("assistant");
  t.system_after = t.user_after = t.assistant_after = "<|eot_id|>";
  t.trim = source.trims();
  if (source.has("Cutting Knowledge Date: ")) {
    // 3.1 and later open with a system turn always, with or without a message in it. The date is the template's own.
    std::string known = literal_between(source.jinja, "Cutting Knowledge Date: ", "\n");
    std::string today = literal_between(source.jinja, "date_string = \"", "\"");
    if (known.empty()) known = "December 2023";
    if (today.empty()) today = "26 Jul 2024";
    t.prefix += t.system_before + "Cutting Knowledge Date: " + known + "\nToday Date: " + today + "\n\n";
    t.system_before.clear();
    t.system_after.clear();
    t.assistant_after.clear();
    t.user_before = "<|eot_id|>" + t.user_before;  // ends the system's turn, and later the answer before
  }
  return t;
}

fb::ChatTemplateT gemma(const Source& source) {
  fb::ChatTemplateT t;
  t.prefix = source.first();
  t.user_before = "<start_of_turn>user\n";
  t.assistant_before = "<start_of_turn>model\n";
  t.user_after = t.assistant_after = "<end_of_turn>\n";
  t.system_after = "\n\n";
  t.system_in_user = true;
  t.trim = source.trims();
  return t;
}

fb::ChatTemplateT phi3(const Source& source) {
  fb::ChatTemplateT t;
  t.prefix = source.first();
  t.system_before = "<|system|>\n";
  t.user_before = "<|user|>\n";
  t.assistant_before = "<|assistant|>\n";
  t.system_after = t.user_after = t.assistant_after = "<|end|>\n";
  t.trim = source.trims();
  return t;
}

// Zephyr, TinyLlama
fb::ChatTemplateT zephyr(const Source& source) {
  fb::ChatTemplateT t = phi3(source);
  t.system_after = t.user_after = t.assistant_after = source.eos + "\n";
  return t;
}

fb::ChatTemplateT llama2(const Source& source) {
  fb::ChatTemplateT t;
  t.system_before = "<<SYS>>\n";
  t.system_after = "\n<</SYS>>\n\n";
  t.system_in_user = true;
  t.user_before = source.bos + "[INST] ";
  t.user_after = " [/INST]";
  t.assistant_after = " " + source.eos;
  t.trim = source.trims();
  return t;
}

fb::ChatTemplateT mistral(const Source& source) {
  fb::ChatTemplateT t;
  t.prefix = source.bos;
  t.user_before = source.has("[INST] ") ? "[INST] " : "[INST]";
  t.user_after = source.has_any({"' [/INST]", "\" [/INST]"}) ? " [/INST]" : "[/INST]";
  t.assistant_after = source.eos + (source.has_any({"eos_token + ' '", "eos_token+' '"}) ? " " : "");
  if (source.has("[SYSTEM_PROMPT]")) {
    const std::string space = source.has("[SYSTEM_PROMPT] ") ? " " : "";
    t.system_before = "[SYSTEM_PROMPT]" + space;
    t.system_after = "[/SYSTEM_PROMPT]";
  } else {
    t.system_in_user = true;
    t.system_after = "\n\n";
  }
  return t;
}

ChatTemplate known(const char* family, fb::ChatTemplateT strings) {
  ChatTemplate result;
  result.family = family;
  result.strings = std::make_unique<fb::ChatTemplateT>(std::move(strings));
  return result;
}

void write_out_newlines(std::string& text) {
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at + 1))
    text.replace(at, 2, "\n");
}

// A template as a string, or a list of named ones, of which "default" is the one for plain conversations.
std::string template_of(const nlohmann::json& object) {
  const auto it = object.find("chat_template");
  if (it == object.end()) return {};
  if (it->is_string()) return it->get<std::string>();
  if (!it->is_array()) return {};
  for (const auto& row : *it) {
    const bool named = row.is_object() && row.contains("name") && row["name"] == "default";
    if (named && row.contains("template") && row["template"].is_string()) return row["template"].get<std::string>();
  }
  return {};
}

}  // namespace

ChatTemplate recognize_chat_template(std::string jinja, const std::string& bos, const std::string& eos) {
  write_out_newlines(jinja);
  const Source source{std::move(jinja), bos, eos};
  if (source.has("<|start_header_id|>")) return known("Llama 3", llama3(source));
  if (source.has("<|im_start|>")) return known("ChatML", chatml(source));
  if (source.has("<start_of_turn>")) return known("Gemma", gemma(source));
  if (source.has("<|user|>") && source.has("<|end|>")) return known("Phi-3", phi3(source));
  if (source.has("<|user|>") && source.has("eos_token")) return known("Zephyr", zephyr(source));
  if (source.has("[INST]"))
    return source.has("<<SYS>>") ? known("Llama 2", llama2(source)) : known("Mistral", mistral(source));
  ChatTemplate result;
  result.warning =
      "the chat template is of no known family (ChatML, Llama 2 and 3, Mistral, Gemma, Phi-3, Zephyr); "
      "`kinglet chat` will not know this model's turns";
  return result;
}

ChatTemplate read_chat_template(const std::filesystem::path& directory) {
  const Settings settings = read_settings(directory);
  const std::filesystem::path own = directory / "chat_template.jinja";
  const std::string jinja = std::filesystem::exists(own) ? read_file(own) : template_of(settings.config);
  if (jinja.empty()) return {};
  return recognize_chat_template(jinja, settings.role("bos_token").value_or(""),
                                 settings.role("eos_token").value_or(""));
}

}  // namespace kinglet::converter
