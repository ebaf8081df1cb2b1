/* Somebody else's C program that uses Kinglet: what main.cc does, through the C API. */
#include <stdio.h>
#include <stdlib.h>

#include "kinglet/kinglet.h"

static int fail(kinglet_status status) {
  printf("%s (%lu)\n", status.message, (unsigned long)status.subject);
  return 1;
}

int main(int argc, char** argv) {
  kinglet_model model = KINGLET_CLOSED;
  kinglet_plan plan = KINGLET_CLOSED;
  kinglet_plan_info info = KINGLET_PLAN_INFO;
  kinglet_status status;
  unsigned char* memory = NULL;
  size_t bytes = 0, past = 0;
  if (kinglet_api_version() < KINGLET_API_VERSION) return 2;
  if (argc > 1) {
    FILE* file = fopen(argv[1], "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return 2;
    bytes = (size_t)ftell(file);
    rewind(file);
    memory = malloc(bytes + KINGLET_ALIGNMENT);
    if (memory == NULL) return 2;
    past = KINGLET_ALIGNMENT - (uintptr_t)memory % KINGLET_ALIGNMENT;
    if (fread(memory + past, 1, bytes, file) != bytes) return 2;
    fclose(file);
  }

  status = kinglet_model_open(&model, memory == NULL ? NULL : memory + past, bytes);
  if (status.code == KINGLET_OK) status = kinglet_plan_make(&plan, &model, NULL);
  if (status.code == KINGLET_OK) status = kinglet_plan_get_info(&plan, &info);
  if (status.code != KINGLET_OK) return fail(status);
  printf("a session needs %lu bytes\n", (unsigned long)info.arena_bytes);
  free(memory);
  return 0;
}
