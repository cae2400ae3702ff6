/* All that a device does with Husk: primitives, OSCORE, frames, envelopes, KUDOS, EDHOC-PSK. */
#include "scenarios.h"

int main(void)
{
    primitives();
    oscore();
    frame();
    envelope();
    kudos();
    edhoc();
    return 0;
}
