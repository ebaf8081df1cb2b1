// A model's file that somebody signed: the caller's cryptography is asked about all of its bytes before any is looked at.
#pragma once

#include "kinglet/c/model.h"

#ifdef __cplusplus
extern "C" {
#endif

// Whether the signature of the file is valid: true, not 0, is yes. `context` is the caller's: a key, and the signature.
typedef bool (*kinglet_signature_check)(void* context, const void* bytes, size_t count);

// kinglet_model_open of a file whose signature is valid; otherwise KINGLET_BAD_FILE, "the signature of the file is not valid". What was
// checked is what is open as long as nobody else can write to these bytes.
kinglet_status kinglet_model_open_signed(kinglet_model* model, const void* bytes, size_t count,
                                         kinglet_signature_check check, void* context);

#ifdef __cplusplus
}
#endif
