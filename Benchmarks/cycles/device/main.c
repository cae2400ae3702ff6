/* All that a device does with Husk: primitives, OSCORE, KUDOS, EDHOC-PSK. */
#include "scenarios.h"

int main(void)
{
    primitives();
    oscore();
    kudos();
    edhoc();
    return 0;
}
