# What the toolchains of all cores share: Arm's bare-metal g++ with newlib (Debian: gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib). A
# core's file sets KINGLET_CORE_FLAGS and CMAKE_SYSTEM_PROCESSOR, then includes this one.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-g++)
# There is no program to link before there is a board.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_FLAGS_INIT "${KINGLET_CORE_FLAGS} -mthumb -mno-unaligned-access -ffreestanding -fno-exceptions -fno-rtti -fno-use-cxa-atexit -ffunction-sections -fdata-sections")
set(CMAKE_C_FLAGS_INIT "${KINGLET_CORE_FLAGS} -mthumb -mno-unaligned-access -ffreestanding -ffunction-sections -fdata-sections")
set(CMAKE_ASM_FLAGS_INIT "${KINGLET_CORE_FLAGS} -mthumb")

# Flash is small, and what takes time in a kernel is written by hand. A function that is inlined adds to the stack of all that its caller calls.
set(KINGLET_KERNEL_OPTIMIZATION "-Os;-fno-inline-functions-called-once;-fno-lto" CACHE STRING "Optimization of runtime/kernels, whatever the build type")

# The linker sees the whole firmware: a sixth less flash, and a part that is left out (KINGLET_PARTS) takes along what only it would call.
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON CACHE BOOL "Link-time optimization")

# This machine's FlatBuffers headers, by themselves: what else lies beside them belongs to another C library.
if(NOT FLATBUFFERS_INCLUDE_DIR)
  find_path(flatbuffers_folder flatbuffers.h PATHS /usr/include/flatbuffers /usr/local/include/flatbuffers NO_CACHE REQUIRED)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers)
  file(CREATE_LINK ${flatbuffers_folder} ${CMAKE_BINARY_DIR}/headers/flatbuffers SYMBOLIC)
  set(FLATBUFFERS_INCLUDE_DIR ${CMAKE_BINARY_DIR}/headers CACHE PATH "The FlatBuffers headers (nothing is linked)")
endif()
