/* Board support for the nRF51822 (nRF51 Series Reference Manual) as QEMU's `microbit` models it: UART, TIMER0, RNG. */
#include "board.h"
#include "cortex.h"

#define UART_STARTRX REGISTER(0x40002000)
#define UART_STARTTX REGISTER(0x40002008)
#define UART_RXDRDY REGISTER(0x40002108)
#define UART_TXDRDY REGISTER(0x4000211c)
#define UART_INTENSET REGISTER(0x40002304)
#define UART_ENABLE REGISTER(0x40002500)
#define UART_PSELTXD REGISTER(0x4000250c)
#define UART_PSELRXD REGISTER(0x40002514)
#define UART_RXD REGISTER(0x40002518)
#define UART_TXD REGISTER(0x4000251c)
#define UART_BAUDRATE REGISTER(0x40002524)
#define UART_ENABLED 4
#define UART_INT_RXDRDY (1u << 2)
#define UART_INTERRUPT (1u << 2)
#define UART_115200 0x01d7e000

#define TIMER_START REGISTER(0x40008000)
#define TIMER_CAPTURE_0 REGISTER(0x40008040)
#define TIMER_COMPARE_1 REGISTER(0x40008144)
#define TIMER_INTENSET REGISTER(0x40008304)
#define TIMER_MODE REGISTER(0x40008504)
#define TIMER_BITMODE REGISTER(0x40008508)
#define TIMER_PRESCALER REGISTER(0x40008510)
#define TIMER_CC_0 REGISTER(0x40008540)
#define TIMER_CC_1 REGISTER(0x40008544)
#define TIMER_INT_COMPARE_1 (1u << 17)
#define TIMER_INTERRUPT (1u << 8)
#define TIMER_32_BITS 3
#define TIMER_31250_HZ 9 /* 16 MHz / 2^9 */

#define RNG_START REGISTER(0x4000d000)
#define RNG_VALRDY REGISTER(0x4000d100)
#define RNG_CONFIG REGISTER(0x4000d504)
#define RNG_VALUE REGISTER(0x4000d508)
#define RNG_BIAS_CORRECTION 1

/* Pins of the micro:bit that lead to its USB interface. */
#define PIN_TXD 24
#define PIN_RXD 25

const char board_name[] = "microbit";

void board_init(void)
{
    TIMER_MODE = 0;
    TIMER_BITMODE = TIMER_32_BITS;
    TIMER_PRESCALER = TIMER_31250_HZ;
    TIMER_INTENSET = TIMER_INT_COMPARE_1;
    TIMER_START = 1;

    UART_PSELTXD = PIN_TXD;
    UART_PSELRXD = PIN_RXD;
    UART_BAUDRATE = UART_115200;
    UART_ENABLE = UART_ENABLED;
    UART_INTENSET = UART_INT_RXDRDY; /* QEMU ignores it before ENABLE */
    UART_STARTRX = 1;
    UART_STARTTX = 1;

    RNG_CONFIG = RNG_BIAS_CORRECTION;
    RNG_START = 1;
    cortex_enable_wakeup(UART_INTERRUPT | TIMER_INTERRUPT);
}

/* The timer wraps after 38 hours, which is not 2^32 ms: so milliseconds are added up from call to call, in whole steps of
 * 125 ticks, which are exactly 4 ms. */
uint32_t board_millis(void)
{
    static uint32_t ticks, millis;
    TIMER_CAPTURE_0 = 1;
    uint32_t steps = (TIMER_CC_0 - ticks) / 125;
    ticks += 125 * steps;
    millis += 4 * steps;
    return millis;
}

void board_wait(uint32_t ms)
{
    if (UART_RXDRDY != 0 || ms == 0) {
        return;
    }
    uint32_t wait = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
    TIMER_COMPARE_1 = 0;
    TIMER_CAPTURE_0 = 1;
    TIMER_CC_1 = TIMER_CC_0 + wait * 125 / 4;
    cortex_sleep();
    TIMER_COMPARE_1 = 0;
    NVIC_CLEAR_PENDING = UART_INTERRUPT | TIMER_INTERRUPT;
}

bool board_uart_read(uint8_t *byte)
{
    if (UART_RXDRDY == 0) {
        return false;
    }
    UART_RXDRDY = 0;
    *byte = (uint8_t)UART_RXD;
    return true;
}

void board_uart_write(uint8_t byte)
{
    UART_TXDRDY = 0;
    UART_TXD = byte;
    while (UART_TXDRDY == 0) {
    }
}

bool board_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        while (RNG_VALRDY == 0) {
        }
        RNG_VALRDY = 0;
        out[i] = (uint8_t)RNG_VALUE;
    }
    return true;
}
