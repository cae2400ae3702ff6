/* Board support for the MPS2 FPGA images AN385 (Cortex-M3) and AN386 (Cortex-M4): CMSDK UART 0 and
 * timer 0, and the FPGA's prescaled counter. The image has no random generator: see semihosting.h. */
#include "board.h"
#include "cortex.h"
#include "semihosting.h"

#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CTRL REGISTER(0x40004008)
#define UART_INTCLEAR REGISTER(0x4000400c)
#define UART_BAUDDIV REGISTER(0x40004010)
#define UART_TX_FULL 1u
#define UART_RX_FULL 2u
#define UART_TX_ENABLE 1u
#define UART_RX_ENABLE 2u
#define UART_RX_INTERRUPT_ENABLE 8u
#define UART_INT_RX 2u
#define UART_INTERRUPT (1u << 0)

#define TIMER_CTRL REGISTER(0x40000000)
#define TIMER_VALUE REGISTER(0x40000004)
#define TIMER_RELOAD REGISTER(0x40000008)
#define TIMER_INTCLEAR REGISTER(0x4000000c)
#define TIMER_RUN 9u /* counts down, and interrupts at zero */
#define TIMER_INTERRUPT (1u << 8)

#define FPGA_COUNTER REGISTER(0x40028018)
#define FPGA_PRESCALE REGISTER(0x4002801c)

#define CLOCK_HZ 25000000u

#if defined(__ARM_ARCH_7EM__)
const char board_name[] = "mps2-an386";
#else
const char board_name[] = "mps2-an385";
#endif

void board_init(void)
{
    FPGA_PRESCALE = CLOCK_HZ / 1000 - 1; /* COUNTER then counts milliseconds */
    FPGA_COUNTER = 0;
    UART_BAUDDIV = CLOCK_HZ / 115200;
    UART_CTRL = UART_TX_ENABLE | UART_RX_ENABLE | UART_RX_INTERRUPT_ENABLE;
    cortex_enable_wakeup(UART_INTERRUPT | TIMER_INTERRUPT);
}

uint32_t board_millis(void)
{
    return FPGA_COUNTER;
}

void board_wait(uint32_t ms)
{
    if ((UART_STATE & UART_RX_FULL) != 0 || ms == 0) {
        return;
    }
    TIMER_RELOAD = 0;
    TIMER_VALUE = (ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS) * (CLOCK_HZ / 1000);
    TIMER_CTRL = TIMER_RUN;
    cortex_sleep();
    TIMER_CTRL = 0;
    TIMER_INTCLEAR = 1;
    UART_INTCLEAR = UART_INT_RX;
    NVIC_CLEAR_PENDING = UART_INTERRUPT | TIMER_INTERRUPT;
}

bool board_uart_read(uint8_t *byte)
{
    if ((UART_STATE & UART_RX_FULL) == 0) {
        return false;
    }
    *byte = (uint8_t)UART_DATA;
    return true;
}

/* Waits until the byte is out, so that none is lost when the simulation ends. */
void board_uart_write(uint8_t byte)
{
    UART_DATA = byte;
    while ((UART_STATE & UART_TX_FULL) != 0) {
    }
}

bool board_random(uint8_t *out, size_t len)
{
    return semihosting_random(out, len);
}
