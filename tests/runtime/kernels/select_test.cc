// The choice of a kernel set.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

TEST(Select, PortableIsLastAndAlwaysThere) {
  const IsaList list = isas();
  ASSERT_GE(list.size(), 1u);
  EXPECT_STREQ(list[list.size() - 1].name, "portable");
  EXPECT_TRUE(list[list.size() - 1].available);
}

TEST(Select, NullIsTheBestAvailable) {
  for (const Isa& isa : isas()) {
    if (!isa.available) continue;
    EXPECT_STREQ(select(nullptr)->name, isa.name);
    break;
  }
}

TEST(Select, NamesAreFoundExactlyWhenAvailable) {
  for (const Isa& isa : isas()) {
    const Kernels* kernels = select(isa.name);
    EXPECT_EQ(kernels != nullptr, isa.available) << isa.name;
    if (kernels == nullptr) continue;
    EXPECT_STREQ(kernels->name, isa.name);
  }
  EXPECT_EQ(select("sse9"), nullptr);
  EXPECT_EQ(select(""), nullptr);
  EXPECT_EQ(select("portabl"), nullptr);
}

TEST(Select, EverySetIsComplete) {
  for (const Kernels* k : available_sets()) {
    EXPECT_TRUE(k->matmul && k->quantize && k->norm && k->gate && k->add && k->embed && k->angles && k->store &&
                k->attend && k->align && k->cell && k->top && k->exp_sum)
        << k->name;
  }
}

#if defined(__x86_64__)
TEST(Select, AgreesWithTheCompilersDetection) {
  EXPECT_EQ(select("avx2") != nullptr, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(select("avx512vnni") != nullptr, __builtin_cpu_supports("avx512vnni") != 0);
}
#endif

}  // namespace
}  // namespace kinglet::kernels::test
