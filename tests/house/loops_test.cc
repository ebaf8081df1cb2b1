// What compilers make of the products (runtime/kernels/generic/tile.h, attention.h): their innermost loops keep all sums in registers. A compiler
// that lays them into memory instead gives the same bits at a third of the speed, and no other test would notice: g++ 12 did, over one more
// selection behind the loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "source.h"

namespace kinglet::house {
namespace {

struct Instruction {
  std::size_t at;
  std::string text;  // "vmovdqu64 %zmm1,(%rax)"

  bool has(const char* part) const { return text.find(part) != std::string::npos; }
  bool multiplies() const { return has("vpdpbusd") || has("vpmaddwd"); }
  // Its last operand is in memory, the one before it a register of vectors.
  bool stores_vector() const {
    const std::size_t memory = text.rfind('(');
    const std::size_t comma = text.rfind(',', memory);
    if (!text.starts_with("v") || !text.ends_with(")") || comma == std::string::npos) return false;
    const std::string_view before = std::string_view(text).substr(0, comma);
    return before.find("%zmm") != before.npos || before.find("%ymm") != before.npos;
  }
  // Where a jump goes, if this is one.
  std::size_t jumps_to() const {
    std::size_t to = std::string::npos;
    const std::size_t operand = text.find_first_not_of(' ', text.find(' '));
    if (text.starts_with("j") && operand != std::string::npos)
      std::from_chars(text.data() + operand, text.data() + text.size(), to, 16);
    return to;
  }
};

struct Function {
  std::string member;  // of the archive: "avx2.cpp.o"
  std::string name;
  std::vector<Instruction> code;
};

// Of `objdump --disassemble --demangle --no-show-raw-insn` output.
std::vector<Function> functions_of(const std::string& listing) {
  std::vector<Function> functions;
  std::string member;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t end = line.find(":     file format"); end != std::string::npos) {
      member = line.substr(0, end);
      continue;
    }
    std::size_t at = 0;
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const auto [after, error] = std::from_chars(line.data() + begin, line.data() + line.size(), at, 16);
    if (error != std::errc()) continue;
    const std::string rest = line.substr(static_cast<std::size_t>(after - line.data()));
    if (rest.starts_with(" <") && rest.ends_with(">:")) functions.push_back({member, rest.substr(2), {}});
    else if (rest.starts_with(":\t") && !functions.empty()) functions.back().code.push_back({at, rest.substr(2)});
  }
  return functions;
}

// The innermost loops that multiply int8, by the archive's members, and those of them that store vectors.
struct Loops {
  std::map<std::string, int> count;
  Complaints complaints;
};
Loops multiplying_loops(const std::vector<Function>& functions) {
  Loops loops;
  for (const Function& function : functions) {
    std::size_t inner = 0;  // a loop that begins before it has another loop in it
    for (std::size_t end = 0; end < function.code.size(); ++end) {
      const std::size_t to = function.code[end].jumps_to();
      if (to > function.code[end].at) continue;
      int products = 0, stores = 0;
      for (std::size_t i = 0; i <= end; ++i) {
        const Instruction& instruction = function.code[i];
        if (instruction.at < to) continue;
        products += instruction.multiplies();
        stores += instruction.stores_vector();
      }
      const bool innermost = to >= inner;
      inner = function.code[end].at;
      if (!innermost || products == 0) continue;
      ++loops.count[function.member];
      if (stores > 0)
        loops.complaints.push_back(function.member + ": of " + std::to_string(products) + " products " +
                                   std::to_string(stores) + " vectors are stored in each pass of " + function.name);
    }
  }
  return loops;
}

TEST(Loops, ThatMultiplyStoreNoVectors) {
  if (!KINGLET_OPTIMIZED_X86_64) GTEST_SKIP() << "these are not the kernels of x86-64 as they are delivered";
  const Loops loops = multiplying_loops(
      functions_of(output_of("objdump --disassemble --demangle --no-show-raw-insn " KINGLET_RUNTIME_ARCHIVE)));
  for (const char* member : {"avx2.cpp.o", "avxvnni.cpp.o", "avx512vnni.cpp.o"})
    EXPECT_GT(loops.count.contains(member) ? loops.count.at(member) : 0, 0) << member;
  EXPECT_EQ(loops.complaints, Complaints());
}

TEST(LoopsSelfTest, StoresInALoopAreSeen) {
  const auto with = [](const char* inside, const char* behind) {
    return multiplying_loops(functions_of(
        std::string("a.o:     file format elf64-x86-64\n"
                    "0000000000000000 <void k::dot_tile<k::Set, 8, 3>(k::Args const&)>:\n"
                    "   0:\tmov    (%rdi),%rax\n"
                    "   4:\tvpdpbusd (%rax,%rdx,4),%zmm1,%zmm2\n") +
        inside + "  14:\tjne    4 <void k::dot_tile<k::Set, 8, 3>(k::Args const&)+0x4>\n" + behind + "  1e:\tret\n"));
  };
  const std::map<std::string, int> one{{"a.o", 1}};
  const Loops stores = with("   a:\tvmovdqa64 %zmm2,0x40(%rsp)\n", "");
  EXPECT_EQ(stores.count, one);
  EXPECT_EQ(stores.complaints.size(), 1U);
  const Loops loads = with("   a:\tvmovdqa64 0x40(%rsp),%zmm2\n", "  16:\tvmovdqa64 %zmm2,0x40(%rsp)\n");
  EXPECT_EQ(loads.count, one);
  EXPECT_EQ(loads.complaints, Complaints());
}

}  // namespace
}  // namespace kinglet::house
