# Cortex-M33 with DSP and its floating-point unit (ARMv8-M).
set(CMAKE_SYSTEM_PROCESSOR cortex-m33)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
