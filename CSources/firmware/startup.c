/* The first instructions: vector table, reset handler with .data and .bss, the painted stack, and what happens on a
 * fault. Same for all boards. */
#include "board.h"
#include "image.h"

/* Set by sections.ld. Only their addresses mean something. */
extern uint32_t image_text_start[], image_text_end[], image_data_load[];
extern uint32_t image_data_start[], image_data_end[], image_bss_start[], image_bss_end[];
extern uint32_t image_stack_bottom[], image_stack_top[];

#define STACK_PATTERN 0xa5a5a5a5u
#define STACK_GAP_WORDS 16 /* room for the frames of the functions that paint */

#define EXIT_FAULT 3

int main(void);
void reset(void);

size_t image_text_bytes(void)
{
    return (size_t)((const uint8_t *)image_text_end - (const uint8_t *)image_text_start);
}

size_t image_data_bytes(void)
{
    return (size_t)((const uint8_t *)image_data_end - (const uint8_t *)image_data_start);
}

size_t image_bss_bytes(void)
{
    return (size_t)((const uint8_t *)image_bss_end - (const uint8_t *)image_bss_start);
}

static uint32_t *stack_pointer(void)
{
    uint32_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    return sp;
}

__attribute__((noinline)) void stack_paint(void)
{
    volatile uint32_t *end = stack_pointer() - STACK_GAP_WORDS;
    for (volatile uint32_t *word = image_stack_bottom; word < end; word++) {
        *word = STACK_PATTERN;
    }
}

size_t stack_peak(void)
{
    const volatile uint32_t *word = image_stack_bottom;
    while (word < image_stack_top && *word == STACK_PATTERN) {
        word++;
    }
    return (size_t)(image_stack_top - word) * sizeof *word;
}

__attribute__((noinline)) size_t stack_used(void)
{
    return (size_t)(image_stack_top - stack_pointer()) * sizeof(uint32_t);
}

bool stack_overflowed(void)
{
    return *(const volatile uint32_t *)image_stack_bottom != STACK_PATTERN;
}

void reset(void)
{
    stack_paint();
    const volatile uint32_t *from = image_data_load;
    for (volatile uint32_t *to = image_data_start; to < image_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = image_bss_start; to < image_bss_end; to++) {
        *to = 0;
    }
    board_init();
    board_exit(main());
}

static void fault(void)
{
    board_print("fault: the processor stopped at an exception that has no handler\n");
    board_exit(EXIT_FAULT);
}

/* Initial stack pointer and the 15 system exceptions; no interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack_top;
    void (*handlers[15])(void);
} vectors = {
    image_stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault},
};
