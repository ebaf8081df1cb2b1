# Cortex-M55 (ARMv8.1-M) with Helium, vectors of 128 bits.
set(CMAKE_SYSTEM_PROCESSOR cortex-m55)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m55 -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
