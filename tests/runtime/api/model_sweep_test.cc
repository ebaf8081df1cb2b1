// Model, Plan and what they tell, called with everything (sweep.h).
#include <array>
#include <cstring>

#include "kinglet/attention.h"
#include "kinglet/isa.h"
#include "kinglet/message.h"
#include "kinglet/plan.h"
#include "kinglet/signature.h"
#include "model_generated.h"
#include "tests/runtime/api/sweep.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::Zeros;

class ModelSweep : public testing::Sweep {
 protected:
  AlignedBytes file_{testing::text_translator()};
  Model model_ = *Model::open(file_.span());
};

TEST_F(ModelSweep, Files) {
  sweep("Model::open", [&](std::span<const std::byte> bytes) {
    if (bytes.size() == kRoom) bytes = file_.span();  // the ordinary one
    return Model::open(bytes);
  });
  sweep("open_signed", [&](std::span<const std::byte> bytes, bool checks, bool valid) {
    if (bytes.size() == kRoom) bytes = file_.span();
    Signature signature{.context = &valid};
    if (!checks)
      signature.check = [](void* context, std::span<const std::byte>) { return !*static_cast<bool*>(context); };
    return open_signed(bytes, signature);
  });
  sweep("Model::verify_checksums", [&] { return model_.verify_checksums(); });
  sweep("Model::root", [&] { return model_.root().vocabulary(); });
  sweep("Model::data", [&](std::uint32_t index) {
    const auto& weights = *model_.root().weights();
    const fb::Region& region = *weights.Get(index % weights.size())->data();
    return std::span(model_.data(region), static_cast<std::size_t>(region.bytes()));
  });
  sweep("Model::bytes", [&] { return model_.bytes(); });
  sweep("Model::has_encoder", [&] { return model_.has_encoder(); });
  sweep("Model::has_decoder", [&] { return model_.has_decoder(); });
  sweep("Message::text", [&] { return std::string_view(Message("message").text()); });
}

// A whole file in front of more bytes than 32 bits can count.
TEST_F(ModelSweep, AFileInManyBytes) {
  if (!room_.exist()) GTEST_SKIP() << "addresses are too short";
  const auto many = room_.of<std::byte>(Zeros::kMany);
  std::memcpy(many.data(), file_.span().data(), file_.span().size());
  const auto model = Model::open(many);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(model->verify_checksums().ok());
  EXPECT_EQ(model->bytes().size(), Zeros::kMany);
}

TEST_F(ModelSweep, Plans) {
  std::uint32_t Limits::*const fields[] = {&Limits::context, &Limits::source,    &Limits::rows,    &Limits::source_rows,
                                           &Limits::outputs, &Limits::sequences, &Limits::sources, &Limits::threads};
  for (const auto one : fields) {
    for (const auto other : fields) {
      sweep("Plan::make", [&](std::uint32_t of_one, std::uint32_t of_other) -> Result<std::size_t> {
        Limits limits;
        limits.*one = of_one;
        limits.*other = of_other;
        const auto plan = Plan::make(model_, limits);
        if (!plan.ok()) return plan.status();
        EXPECT_GT(plan->arena_bytes, 0U);
        EXPECT_EQ(plan->arena_bytes, plan->tables_bytes + plan->states_bytes + plan->working_bytes);
        return plan->arena_bytes;
      });
    }
  }
}

TEST_F(ModelSweep, Lists) {
  sweep("attention_count", [&] { return attention_count(model_); });
  sweep("attention_info", [&](std::uint32_t index) {
    const AttentionInfo info = attention_info(model_, index);
    EXPECT_EQ(info.heads > 0, index < attention_count(model_));
    return std::string_view(info.name);
  });
  for (const bool known : {false, true}) {
    sweep("isas", [&] { return isas({.neon = known, .dotprod = known, .i8mm = known}).count; });
    const IsaList list = isas();
    sweep("IsaList::size", [&] { return list.size(); });
    sweep("IsaList::begin", [&] { return std::string_view(list.begin()->name); });
    sweep("IsaList::end", [&] { return std::string_view((list.end() - 1)->name); });
    EXPECT_GT(list.size(), 0U);
    EXPECT_LE(list.size(), IsaList::kMost);
  }
}

}  // namespace
}  // namespace kinglet
