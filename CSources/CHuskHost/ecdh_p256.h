/* What host.c starts of the P-256 table. */
#ifndef HUSK_HOST_ECDH_P256_H
#define HUSK_HOST_ECDH_P256_H

#include "husk_host.h"

/* Makes the group that all multiplications share. To be called once, before them. False if memory is short. */
bool husk_host_p256_init(void);

#endif
