#include "kinglet/chat.h"

#include <cstdint>
#include <cstring>

#include "model_generated.h"

namespace kinglet {
namespace {

std::string_view view(const flatbuffers::String* text) {
  if (text == nullptr) return {};
  return {text->c_str(), text->size()};
}

bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool Chat::has_template(const Model& model) { return model.root().chat() != nullptr; }

std::size_t Chat::rendered_bytes(const Model& model, std::size_t text_bytes) {
  const fb::ChatTemplate* t = model.root().chat();
  if (t == nullptr) return text_bytes;
  std::size_t bytes = view(t->default_system()).size();
  for (const auto* part : {t->prefix(), t->system_before(), t->system_after(), t->user_before(), t->user_after(),
                           t->assistant_before(), t->assistant_after()})
    bytes += view(part).size();
  return text_bytes < SIZE_MAX - bytes ? bytes + text_bytes : SIZE_MAX;
}

Result<Chat> Chat::create(Generator& generator, const Model& model, std::span<std::byte> workspace,
                          std::string_view system) {
  if (!has_template(model)) return Status{Code::kUnsupported, "this model has no chat template"};
  Chat chat;
  chat.generator_ = &generator;
  chat.template_ = model.root().chat();
  chat.system_ = system.data() != nullptr ? system : view(chat.template_->default_system());
  chat.rendered_ = {reinterpret_cast<char*>(workspace.data()), workspace.size()};
  if (auto s = chat.clear(); !s.ok()) return s;
  return chat;
}

Status Chat::clear() {
  begun_ = false;
  return generator_->clear();
}

// The turn as parts, template and messages in their order.
Chat::Turn Chat::render(std::string_view message) const {
  const fb::ChatTemplate& t = *template_;
  Turn turn;
  const auto put = [&turn](std::string_view text, bool plain) {
    if (!text.empty()) turn.parts[turn.count++] = {text, plain};
  };
  const auto person = [&](std::string_view text) { put(t.trim() ? trimmed(text) : text, true); };
  const auto system = [&] {
    if (system_.empty()) return;
    put(view(t.system_before()), false);
    person(system_);
    put(view(t.system_after()), false);
  };
  put(view(begun_ ? t.assistant_after() : t.prefix()), false);
  if (!begun_ && !t.system_in_user()) system();
  put(view(t.user_before()), false);
  if (!begun_ && t.system_in_user()) system();
  person(message);
  put(view(t.user_after()), false);
  put(view(t.assistant_before()), false);
  return turn;
}

Result<bool> Chat::forged(const Turn& turn) const {
  for (std::size_t i = 0; i < turn.count; ++i) {
    if (!turn.parts[i].plain) continue;
    auto named = generator_->names_special(turn.parts[i].text);
    if (!named.ok() || *named) return named;
  }
  return false;
}

Status Chat::add(const Turn& turn) {
  auto forges = forged(turn);
  if (!forges.ok()) return forges.status();
  if (*forges) {
    for (std::size_t i = 0; i < turn.count; ++i) {
      if (auto s = generator_->add(turn.parts[i].text, {.parse = !turn.parts[i].plain, .add = false}); !s.ok())
        return s;
    }
    return {};
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < turn.count; ++i) {
    const std::string_view text = turn.parts[i].text;
    if (text.size() > rendered_.size() - bytes)
      return {Code::kOutOfMemory, "a turn is longer than the chat's workspace", rendered_.size()};
    std::memcpy(rendered_.data() + bytes, text.data(), text.size());
    bytes += text.size();
  }
  return generator_->add(std::string_view{rendered_.data(), bytes}, {.parse = true, .add = false});
}

Result<Generated> Chat::say(std::string_view message, const GenerateOptions& options, const TextSink& sink) {
  const std::size_t before = generator_->tokens().size();
  if (auto s = add(render(message)); !s.ok()) {
    if (auto undone = generator_->truncate(before); !undone.ok()) return undone;
    return s;
  }
  begun_ = true;
  return generator_->generate(options, sink);
}

}  // namespace kinglet
