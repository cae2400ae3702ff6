/* The payload that the sensor sends: one SenML record (RFC 8428) in JSON, always 32 bytes long so that byte counts compare
 * with other protocols' 32-byte message. */
#ifndef FIRMWARE_READING_H
#define FIRMWARE_READING_H

#include <stddef.h>
#include <stdint.h>

#define READING_BYTES 32
#define READING_PATH "sensors/temperature"
#define READING_CONTENT_FORMAT 110 /* application/senml+json */

/* Writes [{"n":"t","u":"Cel","v":21.500}] for 21500 thousandths of a degree; 0 to 99999. */
void reading_compose(uint8_t out[READING_BYTES], uint32_t millidegrees);

/* A temperature for a device without a thermometer: reading 0, 1, 2, ... of a day that grows warmer. */
uint32_t reading_simulated(uint32_t number);

#endif
