// An example for open_signed: a firmware that runs only what its maker signed. makers_model.c is C, signature_test.cc the same in C++.
#pragma once

#include "kinglet/kinglet.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAG_BYTES = 32 };

/* The platform's: HMAC-SHA256 here, for keys of up to 64 bytes; a public key's signature (Ed25519) where a device should hold no secret. */
void hmac_sha256(const void* key, size_t key_bytes, const void* data, size_t bytes, unsigned char tag[TAG_BYTES]);

/* Opens the model if the tag is the maker's. */
kinglet_status open_makers_model(kinglet_model* model, const void* file, size_t file_bytes, const void* key,
                                 size_t key_bytes, const unsigned char* tag);

#ifdef __cplusplus
}
#endif
