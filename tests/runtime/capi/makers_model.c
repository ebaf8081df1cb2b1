#include "tests/runtime/capi/makers_model.h"

typedef struct maker {
  const void* key;
  size_t key_bytes;
  const unsigned char* tag;
} maker;

static bool is_the_makers(void* context, const void* bytes, size_t count) {
  const maker* m = context;
  unsigned char tag[TAG_BYTES];
  unsigned char difference = 0;
  size_t i;
  hmac_sha256(m->key, m->key_bytes, bytes, count, tag);
  /* As long for a tag that is nearly right as for any other. */
  for (i = 0; i < TAG_BYTES; ++i) difference |= (unsigned char)(tag[i] ^ m->tag[i]);
  return difference == 0;
}

kinglet_status open_makers_model(kinglet_model* model, const void* file, size_t file_bytes, const void* key,
                                 size_t key_bytes, const unsigned char* tag) {
  maker m;
  m.key = key;
  m.key_bytes = key_bytes;
  m.tag = tag;
  return kinglet_model_open_signed(model, file, file_bytes, is_the_makers, &m);
}
