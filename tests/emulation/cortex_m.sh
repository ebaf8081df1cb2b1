# Firmware on emulated boards, for scripts that define `skip PROGRAM PACKAGES` and `source`, the project's folder.

# core: the board that QEMU emulates with it. There is none with a Cortex-M0+; what is built for it uses nothing that a Cortex-M3 lacks.
declare -A boards=([m0plus]=mps2-an385 [m3]=mps2-an385 [m4f]=mps2-an386 [m7]=mps2-an500 [m33]=mps2-an505 [m55]=mps3-an547)

need_cortex_m() {
  command -v arm-none-eabi-g++ >/dev/null || skip arm-none-eabi-g++ "gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"
  command -v qemu-system-arm >/dev/null || skip qemu-system-arm qemu-system-arm
}

# firmware FOLDER CORE TARGET OPTION…: builds it.
firmware() {
  cmake -S "$source" -B "$1" -G Ninja --toolchain "$source/ports/cortex_m/cores/cortex_$2.cmake" -DCMAKE_BUILD_TYPE=MinSizeRel \
    -DKINGLET_BUILD_CONVERTER=OFF -DKINGLET_BUILD_HOST=OFF "${@:4}" --log-level=WARNING -Wno-dev
  cmake --build "$1" --target "$3"
}

# emulate CORE PROGRAM [TEXT [OPTION…]]: runs it with TEXT as its argument; what a board says comes on its emulator's standard error.
emulate() {
  qemu-system-arm -machine "${boards[$1]}" "${@:4}" -display none -monitor none -serial none \
    -semihosting-config "enable=on,target=native${3:+,arg=$3}" -kernel "$2" </dev/null 2>&1
}
