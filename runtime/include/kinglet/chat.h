// Chat: a conversation in the turns of the model's own template (schema: ChatTemplate), over a Generator. It owns nothing: turns
// are rendered into the workspace and stay in the session's cache.
//
//     auto chat = kinglet::Chat::create(*generator, model, workspace, "You are terse.");
//     auto made = chat->say("What is a kinglet?", {.max_tokens = 200}, {.write = print});
//
// A turn is rendered as one text, so it becomes the tokens that the model was trained on. Where a message itself contains the
// text of a special token, that message is encoded by itself as plain text: nobody forges turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/generator.h"
#include "kinglet/model.h"
#include "kinglet/status.h"

namespace kinglet {

namespace fb {
struct ChatTemplate;
}  // namespace fb

class Chat {
 public:
  Chat() = default;

  // Whether the model has a template.
  static bool has_template(const Model& model);

  // Bytes of a turn with messages of up to `text_bytes` (system and user together): the workspace's, and the `text_bytes` that the
  // generator is to be made for. SIZE_MAX where no memory is.
  static std::size_t rendered_bytes(const Model& model, std::size_t text_bytes);

  // Begins a conversation; `generator` and `system` stay alive. `system` null: the template's own. kUnsupported: no template.
  static Result<Chat> create(Generator& generator, const Model& model, std::span<std::byte> workspace,
                             std::string_view system = {});

  // Adds the user's message and generates the answer. A failure of the message leaves the conversation as it was; for the rest see
  // Generator::generate.
  Result<Generated> say(std::string_view message, const GenerateOptions& options, const TextSink& sink);

  // Forgets the conversation.
  Status clear();

 private:
  // One stretch of a rendered turn.
  struct Part {
    std::string_view text;
    bool plain;  // what a person wrote
  };
  static constexpr std::size_t kMostParts = 16;
  struct Turn {
    Part parts[kMostParts];
    std::size_t count = 0;
  };

  Turn render(std::string_view message) const;
  Result<bool> forged(const Turn& turn) const;
  Status add(const Turn& turn);

  Generator* generator_ = nullptr;
  const fb::ChatTemplate* template_ = nullptr;
  std::string_view system_;
  std::span<char> rendered_;
  bool begun_ = false;  // the first turn was said
};

}  // namespace kinglet
