/* The C unit tests on a board: what Tests/C/host.c is on the host. Exits with the number of failures. */
#include "board.h"
#include "image.h"
#include "test.h"

/* Stands for the suites that are not linked into this image: an image holds one, so that each fits any board. */
void suite_absent(void);

void suite_absent(void)
{
}

void test_print(const char *text)
{
    board_print(text);
}

int main(void)
{
    unsigned failed = test_main(NULL);
    if (stack_overflowed()) {
        board_print("the stack reached the data below it\n");
        return 255;
    }
    return failed < 254 ? (int)failed : 254;
}
