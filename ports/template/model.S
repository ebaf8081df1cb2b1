/* The model's file as an array: MODEL is its path in quotes. */
    .section .rodata
    .global model_begin
    .global model_end
    .balign 64
model_begin:
    .incbin MODEL
model_end:
    .section .note.GNU-stack, "", %progbits
