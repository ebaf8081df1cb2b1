// What a platform gives: the bytes of a model, memory, and a way out for text. Copy this folder, change port.c, and main.c runs.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// The whole file at a multiple of KINGLET_ALIGNMENT; it stays where it is, unchanged. Flash that can be read like memory will do.
const void* port_model(size_t* bytes);

// Memory at a multiple of KINGLET_ALIGNMENT: all that the model will ever use.
void* port_arena(size_t* bytes);

// Some text, whole UTF-8 characters. False: no more of it is wanted.
bool port_write(void* context, const char* text, size_t bytes);
