// The model files with tokenizers that write_models made, as arrays aligned to 64 bytes.

        .section .rodata
        .macro  file name, path
        .balign 64
        .globl  \name
\name:  .incbin "\path"
        .globl  \name\()_end
\name\()_end:
        .endm

        file    text_decoder, "text_decoder.kgl"
        file    text_encoder, "text_encoder.kgl"
        file    text_translator, "text_translator.kgl"

        .section .note.GNU-stack, "", %progbits
