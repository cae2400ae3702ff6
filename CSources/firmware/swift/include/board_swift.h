/* The board and what C firmware shares with Swift firmware, as the module Board; and the few things of it that Swift does
 * not import: arrays without a length, addresses of fields. */
#ifndef FIRMWARE_BOARD_SWIFT_H
#define FIRMWARE_BOARD_SWIFT_H

#include "board.h"
#include "image.h"
#include "provisioning.h"
#include "reading.h"
#include "simulated_flash.h"

static inline const provisioning *board_provisioning(void)
{
    return (const provisioning *)(const void *)husk_provisioning;
}

static inline const char *board_machine(void)
{
    return board_name;
}

static inline const uint8_t *provisioning_key(const provisioning *p)
{
    return p->key;
}

static inline const uint8_t *provisioning_kid(const provisioning *p)
{
    return p->kid;
}

static inline const uint8_t *provisioning_cred_i(const provisioning *p)
{
    return p->cred_i;
}

static inline const uint8_t *provisioning_cred_r(const provisioning *p)
{
    return p->cred_r;
}

#endif
