// What the parts of the C API share: its version, statuses, views of the caller's or the library's memory, and handles.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of what this header says. It grows when a function or a field is added; nothing that is there changes its meaning.
#define KINGLET_API_VERSION 1

// The library's, which is to be at least KINGLET_API_VERSION.
uint32_t kinglet_api_version(void);

// The bytes that arenas and workspaces begin at a multiple of, and the file of a model.
#define KINGLET_ALIGNMENT 64

typedef int32_t kinglet_code;
enum {
  KINGLET_OK = 0,
  KINGLET_BAD_FILE = 1,  // the bytes are no Kinglet model, or one that breaks a rule of the format
  KINGLET_BAD_ARGUMENT =
      2,  // the caller asked for something that this model or plan does not have, or gave what no one can use
  KINGLET_OUT_OF_MEMORY = 3,  // the arena or a caller's buffer is too small
  KINGLET_CONTEXT_FULL = 4,   // a sequence has no room left for the rows of this call
  KINGLET_NOT_FINITE = 5,     // a NaN or an infinity appeared in a row
  KINGLET_UNSUPPORTED = 6,    // a newer format, or a feature this model or build leaves out
  KINGLET_STOPPED = 7         // a callback asked to stop
};

typedef struct kinglet_status {
  uint64_t subject;     // which operator, weight, row, byte or argument (from 0), as the message states
  const char* message;  // static, terminated by a zero, never null
  kinglet_code code;
} kinglet_status;

typedef struct kinglet_text {
  const char* data;  // UTF-8
  size_t bytes;
} kinglet_text;

// A string that a zero terminates; null is no text.
kinglet_text kinglet_text_of(const char* text);

typedef struct kinglet_tokens {
  const int32_t* data;
  size_t count;
} kinglet_tokens;

typedef struct kinglet_floats {
  const float* data;
  size_t count;
} kinglet_floats;

// What a handle begins as, and a static one by itself: not open. A function that opens a handle looks whether it is at work.
#define KINGLET_CLOSED \
  {                    \
    { 0 }              \
  }

// Storage of a handle: so many pointers' worth of bytes that only the library reads.
#define KINGLET_HANDLE(name, pointers)                      \
  typedef union name {                                      \
    unsigned char storage[16 + (pointers) * sizeof(void*)]; \
    uint64_t alignment;                                     \
  } name

#ifdef __cplusplus
}
#endif
