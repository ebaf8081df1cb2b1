// A header that does not compile alone, for the self-test of headers_test.cc: it includes nothing that declares Status.
#pragma once

namespace kinglet {

Status leaning();

}  // namespace kinglet
