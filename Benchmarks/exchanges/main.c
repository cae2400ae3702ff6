/* Every handshake of Husk as its messages: bytes, direction. */
#include "exchanges.h"

int main(void)
{
    endpoint_edhoc();
    endpoint_kudos();
    links();
    return 0;
}
