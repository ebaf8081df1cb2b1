# Cortex-M7 with a floating-point unit of single precision (ARMv7E-M).
set(CMAKE_SYSTEM_PROCESSOR cortex-m7)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-sp-d16")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
