// Which values and weights an operator touches: the one place of the converter that knows the fields of every operator.
//
// Everything that renumbers, follows or counts values asks here, so a new operator is one new case.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "converter/program.h"

namespace kinglet::converter {

enum class Use : std::uint8_t { kRead, kMake, kMakeQuantized };

// Calls visit for every value an operator reads or makes (those that are -1 too) and stores what it leaves in `value`. Reads
// come first, then what is made, in the order in which the format numbers values.
void visit_values(fb::OperatorT& op, const std::function<void(int& value, Use use)>& visit);
void visit_weights(fb::OperatorT& op, const std::function<void(int& weight)>& visit);
void visit_states(fb::OperatorT& op, const std::function<void(int& state)>& visit);

// Columns [first, first + width) of a value.
struct Columns {
  int value = -1;
  std::uint32_t first = 0;
  std::uint32_t width = 0;
};
std::vector<Columns> columns_read(const fb::OperatorT& op, const fb::FunctionT& function,
                                  const fb::ModelT& model);  // each reading once
std::vector<int> weights_read(const fb::OperatorT& op);
int value_made(const fb::OperatorT& op);                         // the F32 value, or -1
std::vector<std::size_t> makers(const fb::FunctionT& function);  // of each value, before lowering: the operator
fb::Emit* emit_of(fb::OperatorT& op);                            // nullptr where the operator has none
int state_filled(const fb::OperatorT& op);                       // or -1

std::string_view kind_of(const fb::OperatorT& op);  // "Linear"

// Functions of a model in the order in which they run, without those it lacks.
std::vector<fb::FunctionT*> functions(fb::ModelT& model);
std::vector<const fb::FunctionT*> functions(const fb::ModelT& model);

}  // namespace kinglet::converter
