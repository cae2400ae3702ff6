/* Runs the C tests on the host: `husk-tests [suite]`. */
#include <stdio.h>

#include "test.h"

void test_print(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    return test_main(argc > 1 ? argv[1] : NULL) == 0 ? 0 : 1;
}
