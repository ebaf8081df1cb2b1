// The model files that write_models made, as arrays aligned to 64 bytes.

        .section .rodata
        .macro  file name, path
        .balign 64
        .globl  \name
\name:  .incbin "\path"
        .globl  \name\()_end
\name\()_end:
        .endm

        file    tiny_decoder, "decoder.kgl"
        file    tiny_encoder, "encoder.kgl"
        file    tiny_translator, "translator.kgl"
        file    tiny_recurrent, "recurrent.kgl"

        .section .note.GNU-stack, "", %progbits
