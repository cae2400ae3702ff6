/* Runs the C tests on the tables of CHuskHost, whose names host_tables.h puts in the place of the core's. */
#include <stdio.h>

#include "husk_host.h"
#include "test.h"

void test_print(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (husk_host_init() != HUSK_OK) {
        fputs("FAILED the libraries do not start\n0 passed, 1 failed\n", stderr);
        return 1;
    }
    return test_main(argc > 1 ? argv[1] : NULL) == 0 ? 0 : 1;
}
