#!/bin/bash -eu
# build.sh [TARGET…]: as a fuzzing service (oss-fuzz/) builds, all targets or these: with its $CC, $CXX, $CFLAGS, $CXXFLAGS and
# $LIB_FUZZING_ENGINE, in $WORK, into $OUT: fuzzers, their seeds, the goldens that some read, and the libraries that the place where they run may lack.
cd "$(dirname "$0")/../.."
if (($#)); then fuzzers=("$@"); else mapfile -t fuzzers < <(grep -l LLVMFuzzerTestOneInput tests/fuzz/*.cc | sed 's,.*/,,; s,\.cc$,,'); fi
build=$WORK/kinglet

# Optimized as the service says, and with assertions. The distribution's GoogleTest is linked, which knows libstdc++ only. Libraries beside a fuzzer find each other there, too: RPATH does that, RUNPATH
# does not.
export CXXFLAGS="${CXXFLAGS/-stdlib=libc++/} -D_GLIBCXX_ASSERTIONS"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE= -DKINGLET_KERNEL_OPTIMIZATION=-O1 \
  -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF -DCMAKE_BUILD_RPATH='$ORIGIN/lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
cmake --build "$build" --target kinglet_fuzz_seeds "${fuzzers[@]/#/kinglet_fuzz_}"
# Leaks of a program that writes files and ends are none, and a container may not let them be looked for.
ASAN_OPTIONS=detect_leaks=0 "$build/tests/fuzz/kinglet_fuzz_seeds" tests "$build/seeds"

mkdir -p "$OUT/lib"
cp -r tests/goldens "$OUT/"
for fuzzer in "${fuzzers[@]}"; do
  cp "$build/tests/fuzz/kinglet_fuzz_$fuzzer" "$OUT/$fuzzer"
  rm -f "$OUT/${fuzzer}_seed_corpus.zip"
  # By the hundred thousand arguments are too many for one call.
  find "$build/seeds/$fuzzer" "tests/fuzz/corpus/$fuzzer" -type f | zip -q -j "$OUT/${fuzzer}_seed_corpus.zip" -@
done
# All but the C library, which is where programs run at all.
cd "$OUT"
ldd "${fuzzers[@]}" | awk '$2 == "=>" && $3 ~ /^\// && $1 !~ /^lib(c|m|dl|rt|pthread|resolv)\.so/ && $1 !~ /^ld-/ {print $3}' |
  { grep -v "^$PWD/lib/" || true; } | sort -u | xargs -r cp -L -t lib
