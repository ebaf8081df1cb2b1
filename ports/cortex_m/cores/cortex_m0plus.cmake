# Cortex-M0+ (ARMv6-M): no floating-point unit, no unaligned access, no SIMD.
set(CMAKE_SYSTEM_PROCESSOR cortex-m0plus)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m0plus -mfloat-abi=soft")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
