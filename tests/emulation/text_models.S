// The model files with tokenizers that write_models made, as arrays aligned to 64 bytes.

#include "file.inc"

        file    text_decoder, "text_decoder.kgl"
        file    text_encoder, "text_encoder.kgl"
        file    text_translator, "text_translator.kgl"

        .section .note.GNU-stack, "", %progbits
