#!/bin/bash -eu
# As a fuzzing service builds: with its $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE, into $OUT. Its image has what `./dev` installs
# for `build`, and zip.
cd "$(dirname "$0")/../.."
fuzzers=$(grep -l LLVMFuzzerTestOneInput tests/fuzz/*.cc | sed 's,.*/,,; s,\.cc$,,')

cmake -S . -B build/service -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF
cmake --build build/service --target $(printf 'kinglet_fuzz_%s ' $fuzzers) kinglet_fuzz_seeds
build/service/tests/fuzz/kinglet_fuzz_seeds tests build/service/seeds

cp -r tests/goldens "$OUT/"
for fuzzer in $fuzzers; do
  cp "build/service/tests/fuzz/kinglet_fuzz_$fuzzer" "$OUT/$fuzzer"
  zip -q -r -j "$OUT/${fuzzer}_seed_corpus.zip" "build/service/seeds/$fuzzer" "tests/fuzz/corpus/$fuzzer"
done
