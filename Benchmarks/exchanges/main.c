/* Every handshake of the device endpoint. */
#include "endpoint.h"

int main(void)
{
    endpoint_edhoc();
    endpoint_kudos();
    return 0;
}
