# An allocator that ends a program when the runtime uses the heap, for more than one program of tests. g++ can leave folders out of what it
# instruments, so it is g++'s.
set(watch OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT KINGLET_SANITIZE AND NOT KINGLET_PARTS)
  set(watch ON)
endif()
set(instrument -finstrument-functions -finstrument-functions-exclude-file-list=/usr/include,/usr/lib,/include/c++/,runtime/kernels)

# kinglet_watched_library(NAME SOURCE…): calls other hooks than the tests do.
function(kinglet_watched_library name)
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${ARGN})
  target_compile_options(${name} PRIVATE ${instrument})
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} --redefine-sym __cyg_profile_func_enter=kinglet_runtime_enter
      --redefine-sym __cyg_profile_func_exit=kinglet_runtime_exit $<TARGET_FILE:${name}>
    VERBATIM)
endfunction()

add_library(kinglet_watch OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/watch.cpp)
kinglet_compile_options(kinglet_watch)

# The runtime compiled anew, but for the kernels, which the others call.
if(watch)
  get_target_property(runtime_sources kinglet_runtime SOURCES)
  list(FILTER runtime_sources EXCLUDE REGEX "/kernels/")
  kinglet_watched_library(kinglet_runtime_watched ${runtime_sources})
  foreach(property COMPILE_OPTIONS INCLUDE_DIRECTORIES COMPILE_FEATURES CXX_EXTENSIONS)
    get_target_property(value kinglet_runtime ${property})
    set_property(TARGET kinglet_runtime_watched APPEND PROPERTY ${property} ${value})
  endforeach()
  target_link_libraries(kinglet_runtime_watched PRIVATE kinglet_schema INTERFACE kinglet_runtime)
endif()
