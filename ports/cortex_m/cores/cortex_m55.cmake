# Cortex-M55 (ARMv8.1-M) with Helium. Its vectors of floats take denormals for zero, so none is made: nomve.fp.
set(CMAKE_SYSTEM_PROCESSOR cortex-m55)
set(KINGLET_CORE_FLAGS "-mcpu=cortex-m55+nomve.fp -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/bare_metal.cmake)
