/* The part of a board that scenarios need, where a host is the board. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>

void board_print(const char *text)
{
    fputs(text, stdout);
}

void board_exit(int32_t code)
{
    exit(code);
}
