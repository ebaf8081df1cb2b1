// Kinglet from C99: everything that the C++ headers of this folder offer, for firmware as for hosts. No heap, no global state, no
// header but stddef, stdint and stdbool; nothing is thrown, printed or aborted.
//
//     _Alignas(KINGLET_ALIGNMENT) static unsigned char arena[65536];   // C11; in C99 round an address up
//     kinglet_model model = KINGLET_CLOSED;                             // handles are the caller's, too
//     kinglet_status s = kinglet_model_open(&model, file, file_bytes);
//     if (s.code != KINGLET_OK) return report(s.message, s.subject);
//
// Rules that hold for every function:
//   handles   objects of the caller, of a size fixed here, opened by a function and never closed. They begin as zeros (KINGLET_CLOSED, or
//             static), which is not open: what opens one looks whether it is at work. A handle stays where it was opened: a copy of it
//             is not open. What it was opened from (model, plan, session, memory) outlives it.
//   failures  are a kinglet_status. A null pointer, a count that runs off the end of memory, memory that is written and is another argument's, a
//             handle that is not open: KINGLET_BAD_ARGUMENT. Functions without a status answer 0, or an empty view, instead.
//   options   begin with their own size: `kinglet_limits limits = KINGLET_LIMITS;` then set what differs. Null takes the defaults.
//             A zero is not everywhere a default, so an initializer of one's own is a mistake. Fields are only ever added, at the
//             end, and zero is the default of those: callers compiled earlier go on.
//   texts     are UTF-8 with a length; nothing is terminated by a zero but `isa` names and messages.
//   results   that are views stay valid as long as the C++ header of the same name says; so do the meanings that are not repeated here.
//   calls     on one session, from whichever handle, come one after the other; a handle that is at work refuses to be called back.
#pragma once

#include "kinglet/c/base.h"
#include "kinglet/c/beam.h"
#include "kinglet/c/embedder.h"
#include "kinglet/c/generator.h"
#include "kinglet/c/input.h"
#include "kinglet/c/model.h"
#include "kinglet/c/sampler.h"
#include "kinglet/c/session.h"
#include "kinglet/c/signature.h"
#include "kinglet/c/tokenizer.h"
#include "kinglet/c/translator.h"
