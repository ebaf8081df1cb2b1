# Cortex-M4 with its floating-point unit (ARMv7E-M): two products of 16 bits in an instruction.
set(CMAKE_SYSTEM_PROCESSOR cortex-m4)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
