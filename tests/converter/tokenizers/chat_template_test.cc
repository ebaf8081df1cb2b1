// Chat templates against what transformers renders from them (tests/goldens/chat).
#include <gtest/gtest.h>

#include <filesystem>

#include "converter/tokenizers/chat_template.h"
#include "converter/tokenizers/draft.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests/goldens/chat";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \n\t\r");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \n\t\r") + 1 - begin);
}

// The answer as the model wrote it. Llama 2 and Mistral begin theirs with a space that their templates write when they
// repeat it, without the white space around it.
std::string answer_of(const std::string& variant, const std::string& text, bool trim) {
  if (variant == "llama-2" || variant == "mistral-v3") return " " + trimmed(text);
  return trim ? trimmed(text) : text;
}

// As schema/model.fbs says: each message between its role's strings, then `assistant_before`.
std::string render(const std::string& variant, const fb::ChatTemplateT& t, const nlohmann::json& messages,
                   bool prompt) {
  const auto person = [&](const std::string& text) { return t.trim ? trimmed(text) : text; };
  std::string text = t.prefix;
  std::string system = t.default_system;
  std::size_t first = 0;
  if (messages[0]["role"] == "system") {
    system = messages[0]["content"];
    first = 1;
  }
  if (!system.empty()) system = t.system_before + person(system) + t.system_after;
  if (!t.system_in_user) text += system;
  for (std::size_t i = first; i < messages.size(); ++i) {
    const std::string content = messages[i]["content"];
    if (messages[i]["role"] == "user") {
      text += t.user_before + (i == first && t.system_in_user ? system : "") + person(content) + t.user_after;
    } else {
      text += t.assistant_before + answer_of(variant, content, t.trim) + t.assistant_after;
    }
  }
  return prompt ? text + t.assistant_before : text;
}

TEST(ChatTemplate, RendersAsTransformers) {
  std::size_t variants = 0;
  for (const auto& entry : fs::directory_iterator(kGoldens)) {
    if (!entry.is_directory()) continue;
    const std::string variant = entry.path().filename().string();
    SCOPED_TRACE(variant);
    ++variants;
    const ChatTemplate chat = read_chat_template(entry.path());
    ASSERT_NE(chat.strings, nullptr) << chat.warning;
    for (const auto& row : read_json(entry.path() / "expected.json")) {
      if (row.contains("error")) continue;  // the template refuses a system message; Kinglet puts it before the user's
      const bool prompt = row["add_generation_prompt"];
      if (variant == "phi-3" && !prompt) continue;  // a whole training text, which ends in one more token
      EXPECT_EQ(render(variant, *chat.strings, row["messages"], prompt), row["text"].get<std::string>());
    }
  }
  EXPECT_GE(variants, 10u);
}

TEST(ChatTemplate, FindsTheFamily) {
  const auto family = [](const char* variant) { return read_chat_template(kGoldens / variant).family; };
  EXPECT_EQ(family("chatml"), "ChatML");
  EXPECT_EQ(family("qwen2.5"), "ChatML");
  EXPECT_EQ(family("llama-3"), "Llama 3");
  EXPECT_EQ(family("llama-2"), "Llama 2");
  EXPECT_EQ(family("mistral"), "Mistral");
  EXPECT_EQ(family("gemma-3"), "Gemma");
  EXPECT_EQ(family("phi-3"), "Phi-3");
  EXPECT_EQ(family("zephyr"), "Zephyr");
}

TEST(ChatTemplate, AnUnknownOneIsAWarning) {
  const ChatTemplate chat =
      recognize_chat_template("{% for m in messages %}{{ 'Q: ' + m.content }}{% endfor %}", "<s>", "</s>");
  EXPECT_EQ(chat.strings, nullptr);
  EXPECT_NE(chat.warning.find("no known family"), std::string::npos);
}

TEST(ChatTemplate, NoneIsNoWarning) {
  const fs::path empty = fs::path(testing::TempDir()) / "no-template";
  fs::create_directories(empty);
  const ChatTemplate chat = read_chat_template(empty);
  EXPECT_EQ(chat.strings, nullptr);
  EXPECT_TRUE(chat.warning.empty());
  fs::remove_all(empty);
}

// The system turn of Llama 3.1 has a date in it and is there without a message, too.
TEST(ChatTemplate, Llama31OpensWithItsDates) {
  const ChatTemplate chat = recognize_chat_template(
      R"({{- bos_token }}{%- if not date_string is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %})"
      R"({{- "<|start_header_id|>system<|end_header_id|>\n\n" }}{{- "Cutting Knowledge Date: December 2023\n" }})"
      R"({{- "Today Date: " + date_string + "\n\n" }}{{- system_message }}{{- "<|eot_id|>" }})"
      R"({%- for message in messages %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endfor %})",
      "<|begin_of_text|>", "<|eot_id|>");
  ASSERT_NE(chat.strings, nullptr);
  const nlohmann::json messages = {{{"role", "user"}, {"content", " hi "}}};
  EXPECT_EQ(render("", *chat.strings, messages, true),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

}  // namespace
}  // namespace kinglet::converter
