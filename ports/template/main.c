// The smallest whole program of a platform: it translates one line with the model of port.c, or says why it cannot.
#include "kinglet/kinglet.h"
#include "port.h"

#ifndef TEXT
#define TEXT "three o'clock"
#endif

static kinglet_model model;
static kinglet_plan plan;
static kinglet_session session;
static kinglet_translator translator;

// Takes `bytes` of the arena, or null where it has no more.
static void* take(unsigned char** arena, size_t* left, size_t bytes) {
  const size_t rounded = (bytes + KINGLET_ALIGNMENT - 1) / KINGLET_ALIGNMENT * KINGLET_ALIGNMENT;
  unsigned char* taken = *arena;
  if (rounded < bytes || rounded > *left) return NULL;
  *arena += rounded;
  *left -= rounded;
  return taken;
}

static kinglet_status start(kinglet_text text, unsigned char** arena, size_t* left) {
  kinglet_limits limits = KINGLET_LIMITS;
  kinglet_plan_info info = KINGLET_PLAN_INFO;
  size_t file_bytes = 0, workspace_bytes = 0;
  const void* file = port_model(&file_bytes);
  kinglet_status s = kinglet_model_open(&model, file, file_bytes);
  limits.context = limits.source = 64;
  if (s.code == KINGLET_OK) s = kinglet_plan_make(&plan, &model, &limits);
  if (s.code == KINGLET_OK) s = kinglet_plan_get_info(&plan, &info);
  if (s.code == KINGLET_OK)
    s = kinglet_session_create(&session, &plan, take(arena, left, info.arena_bytes), info.arena_bytes, NULL);
  if (s.code == KINGLET_OK) s = kinglet_translator_workspace_bytes(&plan, text.bytes, NULL, &workspace_bytes);
  if (s.code == KINGLET_OK)
    s = kinglet_translator_create(&translator, &session, take(arena, left, workspace_bytes), workspace_bytes,
                                  text.bytes, NULL);
  return s;
}

int main(void) {
  const kinglet_text text = {TEXT, sizeof TEXT - 1};
  size_t left = 0;
  unsigned char* arena = port_arena(&left);
  kinglet_translation made;
  char out[512];
  kinglet_status s = start(text, &arena, &left);
  if (s.code == KINGLET_OK) s = kinglet_translator_translate(&translator, &text, 1, NULL, out, sizeof out, &made, 1);
  if (s.code == KINGLET_OK) port_write(NULL, made.text.data, made.text.bytes);
  else port_write(NULL, s.message, kinglet_text_of(s.message).bytes);
  port_write(NULL, "\n", 1);
  return s.code == KINGLET_OK ? 0 : 1;
}
