// The first sector of the disk: from 16-bit real mode straight to 64-bit long mode, then the rest of the image from the disk to
// IMAGE_ADDRESS, then there. No BIOS call, no interrupt: any exception ends the emulator, whose log says where.
//
// Memory: 0x1000 to 0x3fff page tables (the first GiB, each address is itself), 0x7c00 this sector, IMAGE_ADDRESS the program.

        .section .boot, "awx"
        .code16
        .globl  boot
boot:
        cli
        cld
        ljmp    $0, $1f
1:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $boot, %sp
        inb     $0x92, %al              // address line 20
        orb     $2, %al
        outb    %al, $0x92

        movw    $0x1000, %di            // page tables: one entry, one entry, 512 pages of 2 MiB
        movw    $0x3000 / 4, %cx
        xorl    %eax, %eax
        rep stosl
        movw    $0x2003, 0x1000
        movw    $0x3003, 0x2000
        movw    $0x3000, %di
        movl    $0x83, %eax             // present, writable, large
2:      movl    %eax, (%di)
        addl    $0x200000, %eax
        addw    $8, %di
        cmpw    $0x4000, %di
        jb      2b

        movl    $0x20, %eax             // CR4.PAE
        movl    %eax, %cr4
        movl    $0x1000, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       // EFER.LME
        rdmsr
        orw     $0x100, %ax
        wrmsr
        lgdt    table_pointer
        movl    $0x80000011, %eax       // CR0: PG, ET, PE
        movl    %eax, %cr0
        ljmp    $8, $long_mode

        .code64
long_mode:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss

        movl    $1, %ebx                // the next sector
        movl    $IMAGE_ADDRESS, %edi
read_sector:
        movw    $0x1f2, %dx             // ATA, primary channel: one sector from its 28-bit address
        movb    $1, %al
        outb    %al, %dx
        movl    %ebx, %eax
        orl     $0xe0000000, %eax       // address mode, first drive
        movl    $4, %ecx
3:      incw    %dx
        outb    %al, %dx
        shrl    $8, %eax
        loop    3b
        incw    %dx                     // 0x1f7
        movb    $0x20, %al
        outb    %al, %dx
4:      inb     %dx, %al                // until it is not busy and has data
        andb    $0x88, %al
        cmpb    $0x08, %al
        jne     4b
        movw    $0x1f0, %dx
        movl    $256, %ecx
        rep insw
        incl    %ebx
        cmpl    $image_sectors, %ebx
        jbe     read_sector

        movl    depth, %edi
        movl    $start, %eax
        jmp     *%rax

        .balign 8
table:  .quad   0
        .quad   0x00209a0000000000      // code, 64 bits
        .quad   0x0000920000000000      // data
table_pointer:
        .word   . - table - 1
        .long   table

        .org    504                     // `run` writes it: how deep to test
depth:  .long   1
        .org    510
        .word   0xaa55

// ---------------------------------------------------------------- the program's first steps

        .section .text.start, "ax"
        .globl  start
start:
        movq    $stack_end, %rsp
        movl    %edi, %ebp              // depth
        movq    %cr0, %rax              // a floating-point unit, and it is ours
        andq    $~4, %rax
        orq     $2, %rax
        movq    %rax, %cr0
        movq    %cr4, %rax
        orq     $0x40600, %rax          // OSFXSR, OSXMMEXCPT, OSXSAVE
        movq    %rax, %cr4
        movl    $13, %eax               // which states XCR0 may hold: x87, SSE, AVX and the three of AVX-512
        xorl    %ecx, %ecx
        cpuid
        andl    $0xe7, %eax
        xorl    %edx, %edx
        xorl    %ecx, %ecx
        xsetbv
        fninit

        movl    $bss_begin, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        shrl    $3, %ecx
        xorl    %eax, %eax
        rep stosq

        movl    %ebp, %edi
        call    emulated_main
5:      hlt
        jmp     5b

        .section .note.GNU-stack, "", @progbits
