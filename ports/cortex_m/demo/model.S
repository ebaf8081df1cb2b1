// The model file as it is, in flash: opening it is verify and point.

        .section .model, "a", %progbits
        .balign 64
        .globl  model
model:  .incbin "model.kgl"
        .globl  model_end
model_end:
