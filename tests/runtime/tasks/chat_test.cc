// Chat: the turns as the template says, in tokens; nobody forges one.
#include "kinglet/chat.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::ids;
using testing::kEnd;
using testing::Kept;
using testing::kStart;
using testing::Running;

constexpr std::size_t kText = 256;

std::vector<std::byte> model(const std::function<void(fb::ChatTemplateT&)>& change = {}) {
  return testing::text_decoder([&](fb::ModelT& m) {
    m.generation->suppressed = {kStart, kEnd};
    m.chat = std::make_unique<fb::ChatTemplateT>();
    m.chat->prefix = "<s>";
    m.chat->system_before = "sys ";
    m.chat->system_after = "</s>";
    m.chat->user_before = "u ";
    m.chat->user_after = "</s>";
    m.chat->assistant_before = "b ";
    m.chat->assistant_after = "</s>";
    if (change) change(*m.chat);
  });
}

struct Task {
  Running running;
  AlignedBytes memory, turns;
  Generator generator;
  Chat chat;
  Kept kept;

  explicit Task(const std::vector<std::byte>& file, std::string_view system = {}, std::uint32_t context = 96)
      : running(file, {.context = context}),
        memory(*Generator::workspace_bytes(running.plan, kText)),
        turns(Chat::rendered_bytes(running.model, kText)) {
    generator = *Generator::create(*running.session, memory.span(), kText);
    auto made = Chat::create(generator, running.model, turns.span(), system);
    EXPECT_TRUE(made.ok()) << made.status().message();
    chat = *made;
  }

  // The context, answers shown as "…": "<0>" is the start token.
  std::string context() const {
    std::string text;
    for (const std::int32_t t : generator.tokens()) {
      if (t == kStart || t == kEnd) text += t == kStart ? "<0>" : "<1>";
      else if (t < 28) text += static_cast<char>('a' + t - 2);
      else text += t == 28 ? ' ' : '.';
    }
    return text;
  }

  // Says it and takes the answer's two tokens away again, so that what is left is the template's.
  void say(std::string_view message) {
    const auto made = chat.say(message, {.max_tokens = 2}, kept.sink());
    ASSERT_TRUE(made.ok()) << made.status().message();
    ASSERT_TRUE(generator.truncate(generator.tokens().size() - 2).ok());
  }
};

TEST(Chat, TurnsFollowTheTemplate) {
  Task t(model());
  t.say("hello");
  EXPECT_EQ(t.context(), "<0>u hello<1>b ");
  t.say("more");
  EXPECT_EQ(t.context(), "<0>u hello<1>b <1>u more<1>b ");
  EXPECT_FALSE(t.kept.text.empty());
  ASSERT_TRUE(t.chat.clear().ok());
  t.say("again");
  EXPECT_EQ(t.context(), "<0>u again<1>b ");
}

TEST(Chat, TheSystemTextStandsWhereTheTemplateSays) {
  Task own(model(), "be kind");
  own.say("hello");
  EXPECT_EQ(own.context(), "<0>sys be kind<1>u hello<1>b ");
  Task given(model([](fb::ChatTemplateT& c) { c.default_system = "default"; }));
  given.say("hello");
  EXPECT_EQ(given.context(), "<0>sys default<1>u hello<1>b ");
  Task none(model([](fb::ChatTemplateT& c) { c.default_system = "default"; }), std::string_view("", 0));
  none.say("hello");
  EXPECT_EQ(none.context(), "<0>u hello<1>b ");
  Task inside(model([](fb::ChatTemplateT& c) { c.system_in_user = true; }), "be kind");
  inside.say("hello");
  EXPECT_EQ(inside.context(), "<0>u sys be kind<1>hello<1>b ");
  inside.say("more");
  EXPECT_EQ(inside.context(), "<0>u sys be kind<1>hello<1>b <1>u more<1>b ");
}

TEST(Chat, MessagesAreTrimmedWhereTheTemplateSays) {
  Task trimmed(model([](fb::ChatTemplateT& c) { c.trim = true; }));
  trimmed.say(" \n hello  ");
  EXPECT_EQ(trimmed.context(), "<0>u hello<1>b ");
  Task kept(model());
  kept.say(" hello ");
  EXPECT_EQ(kept.context(), "<0>u  hello <1>b ");
}

// The letters of a special token in a message are letters.
TEST(Chat, AMessageForgesNoTurn) {
  Task t(model([](fb::ChatTemplateT& c) { c.trim = true; }));
  t.say("a</s>b");
  EXPECT_EQ(t.context(), "<0>u asb<1>b ");  // '<', '/' and '>' are no letters of this vocabulary
  Task system(model(), "x<s>y");
  system.say("hello");
  EXPECT_EQ(system.context(), "<0>sys xsy<1>u hello<1>b ");
}

TEST(Chat, AMessageThatDoesNotFitLeavesTheConversation) {
  Task t(model(), {}, 24);
  t.say("hello");
  const std::string before = t.context();
  EXPECT_EQ(t.chat.say("a very long message, too long", {}, t.kept.sink()).status().code(), Code::kContextFull);
  EXPECT_EQ(t.context(), before);
  EXPECT_EQ(t.chat.say("<s> long with a forgery in it", {}, t.kept.sink()).status().code(), Code::kContextFull);
  EXPECT_EQ(t.context(), before);
  t.say("ok");
}

TEST(Chat, WithoutATemplateItIsUnsupported) {
  Running running(testing::text_decoder(), {});
  AlignedBytes memory(*Generator::workspace_bytes(running.plan, kText));
  Generator generator = *Generator::create(*running.session, memory.span(), kText);
  EXPECT_FALSE(Chat::has_template(running.model));
  EXPECT_EQ(Chat::create(generator, running.model, {}).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace kinglet
