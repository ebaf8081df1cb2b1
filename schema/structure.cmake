# cmake -P structure.cmake OUT SCHEMA…: what lies in the tables of a file, as a table of two bytes per field, for the walker of
# runtime/model/structure.cc. The code that flatc generates for the same checks is some six times as large.
math(EXPR last "${CMAKE_ARGC} - 1")
set(text "")
foreach(i RANGE 4 ${last})
  file(READ ${CMAKE_ARGV${i}} schema)
  string(APPEND text "${schema}")
endforeach()
string(REGEX REPLACE "//[^\n]*" "" text "${text}")
# Characters that mean something in CMake's lists.
string(REPLACE ";" "|" text "${text}")
string(REPLACE "[" "<" text "${text}")
string(REPLACE "]" ">" text "${text}")

# Bytes and alignment of what lies inside a table or a vector.
foreach(type bool byte ubyte)
  set(bytes_${type} 1)
  set(align_${type} 1)
endforeach()
foreach(type int uint float)
  set(bytes_${type} 4)
  set(align_${type} 4)
endforeach()
foreach(type long ulong double)
  set(bytes_${type} 8)
  set(align_${type} 8)
endforeach()

set(name "[A-Za-z0-9_]+")
string(REGEX MATCHALL "(enum|struct|table|union) +${name}[^{]*{[^}]*}" blocks "${text}")
set(tables "")
foreach(block IN LISTS blocks)
  string(REGEX MATCH "^(enum|struct|table|union) +(${name})[^{]*{([^}]*)}" ignored "${block}")
  set(kind ${CMAKE_MATCH_1})
  set(type ${CMAKE_MATCH_2})
  set(body "${CMAKE_MATCH_3}")
  if(kind STREQUAL "enum")
    if(NOT block MATCHES ": *ubyte")
      message(FATAL_ERROR "an enum that is no ubyte: ${type}")
    endif()
    set(bytes_${type} 1)
    set(align_${type} 1)
  elseif(kind STREQUAL "union")
    string(REGEX MATCHALL "${name}" union_${type} "${body}")
  elseif(kind STREQUAL "table")
    list(LENGTH tables number_${type})
    list(APPEND tables ${type})
    string(REGEX MATCHALL "${name} *:[^|]*" fields_${type} "${body}")
  else()  # members in order, each at a multiple of its alignment
    set(bytes 0)
    set(align 1)
    string(REGEX MATCHALL ": *${name}" parts "${body}")
    foreach(member IN LISTS parts)
      string(REGEX REPLACE ": *" "" member "${member}")
      set(a ${align_${member}})
      math(EXPR bytes "(${bytes} + ${a} - 1) / ${a} * ${a} + ${bytes_${member}}")
      if(a GREATER align)
        set(align ${a})
      endif()
    endforeach()
    math(EXPR bytes_${type} "(${bytes} + ${align} - 1) / ${align} * ${align}")
    set(align_${type} ${align})
  endif()
endforeach()

set(rows "")
set(starts "")
set(members "")
set(at 0)
foreach(table IN LISTS tables)
  string(APPEND starts " ${at},")
  string(APPEND rows "    // ${table}\n")
  foreach(field IN LISTS fields_${table})
    string(REGEX MATCH "^(${name}) *: *(<?)(${name})>?(.*)$" ignored "${field}")
    set(field ${CMAKE_MATCH_1})
    set(vector "${CMAKE_MATCH_2}")
    set(type ${CMAKE_MATCH_3})
    set(required "")
    if(CMAKE_MATCH_4 MATCHES "required")
      set(required " | kRequired")
    endif()
    if(type STREQUAL "string" AND vector)
      set(form "kStrings${required}, 0")
    elseif(type STREQUAL "string")
      set(form "kString${required}, 0")
    elseif(DEFINED number_${type})
      if(vector)
        set(form "kTables${required}, ${number_${type}}")
      else()
        set(form "kTable${required}, ${number_${type}}")
      endif()
    elseif(DEFINED union_${type} AND NOT vector AND NOT members)
      foreach(member IN LISTS union_${type})
        string(APPEND members " ${number_${member}},")
      endforeach()
      # Its type is a field of its own before it.
      string(APPEND rows "    {kInline1, 1},\n")
      math(EXPR at "${at} + 1")
      set(form "kUnion${required}, 0")
    elseif(NOT DEFINED bytes_${type})
      message(FATAL_ERROR "${table}.${field} is of a type that structure.cmake does not know")
    elseif(vector)
      set(form "kVector${required}, ${bytes_${type}}")
    else()
      set(form "kInline${align_${type}}${required}, ${bytes_${type}}")
    endif()
    string(APPEND rows "    {${form}},  // ${field}\n")
    math(EXPR at "${at} + 1")
  endforeach()
endforeach()
list(LENGTH tables count)
list(FIND tables Model root)
file(WRITE ${CMAKE_ARGV3} "// The tables of a file, written by schema/structure.cmake from model.fbs and tokenizer.fbs. Not edited by hand.
#pragma once

#include <cstdint>

namespace kinglet::structure {

// What a field is; the second byte says: bytes of what lies in the table itself (aligned to as many as the name says), bytes of a vector's
// element, or which table.
enum Form : std::uint8_t { kInline1, kInline4, kInline8, kString, kStrings, kVector, kTable, kTables, kUnion, kRequired = 16 };

struct Field {
  std::uint8_t form, what;
};

inline constexpr Field kFields[] = {
${rows}};

inline constexpr std::uint16_t kFirstFields[] = {${starts} ${at}};  // of each table, and behind the last
inline constexpr std::uint8_t kUnionMembers[] = {${members}};  // the tables of the one union
inline constexpr unsigned kRoot = ${root};

}  // namespace kinglet::structure
")
