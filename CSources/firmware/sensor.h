/* sensor: what the firmware asks of the profile it is built with: sensor.c is EDHOC-PSK, sensor_symmetric.c KUDOS. */
#ifndef FIRMWARE_SENSOR_H
#define FIRMWARE_SENSOR_H

#include "husk/husk.h"
#include "provisioning.h"

/* The endpoint's configuration, but for the hooks, from provisioning that was checked. Ends the firmware if it is for
 * another profile, or asks for what this one lacks. */
husk_device_config sensor_configure(const provisioning *p);

/* RAM that the profile needs beside the endpoint; and wiping it. */
extern const size_t sensor_state_bytes;
void sensor_wipe(void);

#endif
