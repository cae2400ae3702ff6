/* Board support for the MPS2 FPGA images AN385 (Cortex-M3) and AN386 (Cortex-M4): CMSDK UART 0 and the FPGA's
 * prescaled counter. The image has no random generator: see semihosting.h. */
#include "board.h"
#include "semihosting.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CTRL REGISTER(0x40004008)
#define UART_BAUDDIV REGISTER(0x40004010)
#define UART_TX_FULL 1u
#define UART_RX_FULL 2u
#define UART_TX_ENABLE 1u
#define UART_RX_ENABLE 2u

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
    UART_CTRL = UART_TX_ENABLE | UART_RX_ENABLE;
}

uint32_t board_millis(void)
{
    return FPGA_COUNTER;
}

bool board_uart_read(uint8_t *byte)
{
    if ((UART_STATE & UART_RX_FULL) == 0) {
        return false;
    }
    *byte = (uint8_t)UART_DATA;
    return true;
}

void board_uart_write(uint8_t byte)
{
    while ((UART_STATE & UART_TX_FULL) != 0) {
    }
    UART_DATA = byte;
}

bool board_random(uint8_t *out, size_t len)
{
    return semihosting_random(out, len);
}
