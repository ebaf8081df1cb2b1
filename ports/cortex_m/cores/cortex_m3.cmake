# Cortex-M3 (ARMv7-M): no floating-point unit, no SIMD.
set(CMAKE_SYSTEM_PROCESSOR cortex-m3)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m3 -mfloat-abi=soft")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
