#!/bin/bash -eu
# The service copies this out of the project; what it does is the project's.
exec "$SRC/kinglet/tests/fuzz/build.sh"
