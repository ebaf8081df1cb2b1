// The model files that write_models made, as arrays aligned to 64 bytes.

#include "file.inc"

        file    tiny_decoder, "decoder.kgl"
        file    tiny_encoder, "encoder.kgl"
        file    tiny_translator, "translator.kgl"
        file    tiny_recurrent, "recurrent.kgl"

        .section .note.GNU-stack, "", %progbits
