# 32-bit Arm Linux (ARMv7-A, hard float; NEON where the processor has it), from any Debian machine: the preset `armv7`, or --toolchain ports/arm_linux/armv7.cmake. The compiler is g++ for that
# target; -DCMAKE_CXX_COMPILER=clang++ takes clang. Programs run in qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7)
if(NOT CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)
endif()
set(CMAKE_CXX_COMPILER_TARGET arm-linux-gnueabihf)
set(CMAKE_ASM_COMPILER ${CMAKE_CXX_COMPILER})
set(CMAKE_ASM_COMPILER_TARGET arm-linux-gnueabihf)
set(CMAKE_LIBRARY_ARCHITECTURE arm-linux-gnueabihf)
set(CMAKE_CXX_FLAGS_INIT "-march=armv7-a -mfpu=vfpv3-d16")
set(CMAKE_ASM_FLAGS_INIT "-march=armv7-a -mfpu=vfpv3-d16")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-arm)
