// The bodies of stb's readers and writers: the build defines STB_IMAGE_IMPLEMENTATION and STB_IMAGE_WRITE_IMPLEMENTATION here alone.
#include "pictures/stb_memory.h"
// first: stb takes its memory there
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
