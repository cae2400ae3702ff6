/* sensor: what the sensor firmware asks of the profile it is built with: sensor.c is EDHOC-PSK, sensor_symmetric.c KUDOS. */
#ifndef FIRMWARE_SENSOR_H
#define FIRMWARE_SENSOR_H

#include "husk/husk.h"
#include "provisioning.h"

/* Exit codes. */
#define EXIT_NOT_PROVISIONED 1
#define EXIT_FAILED 2
#define EXIT_STACK 4

/* The endpoint's configuration, but for the hooks, from provisioning that was checked. Ends the firmware if it is for
 * another profile, or asks for what this one lacks. */
husk_device_config sensor_configure(const provisioning *p);

/* RAM that the profile needs beside the endpoint; and wiping it. */
extern const size_t sensor_state_bytes;
void sensor_wipe(void);

/* Ends with a reason, on the UART and on QEMU's standard error. Provided by sensor_main.c. */
_Noreturn void sensor_give_up(const char *why, husk_status status, int32_t code);

#endif
