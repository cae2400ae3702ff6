/* The CoAP message layer of the endpoint: one confirmable request in flight, retransmitted until it is answered
 * (RFC 7252 section 4.2), and the empty reply that a confirmable message from the peer calls for. */
#ifndef HUSK_DEVICE_EXCHANGE_H
#define HUSK_DEVICE_EXCHANGE_H

#include "husk/device.h"

/* What the request in flight waits for. */
#define HUSK_DEVICE_IDLE 0
#define HUSK_DEVICE_WAIT_MESSAGE_2 1
#define HUSK_DEVICE_WAIT_MESSAGE_4 2
#define HUSK_DEVICE_WAIT_RESPONSE 3
#define HUSK_DEVICE_WAIT_COMBINED 4 /* the response to a request that carried message 3 */
#define HUSK_DEVICE_WAIT_UPDATE 5   /* the response to a KUDOS message */

/* Draws message ID, token and first timeout for the next request, which is composed after this. HUSK_ERR_RANDOM. */
husk_status husk_device_exchange_prepare(husk_device *device);

/* Puts buffer[0..len) in flight. */
void husk_device_exchange_begin(husk_device *device, uint8_t phase, size_t len);

/* Nothing in flight any more. */
void husk_device_exchange_end(husk_device *device);

/* An Empty message, sent by the next transmit: it acknowledges or rejects the message `message_id`. */
void husk_device_reply_empty(husk_device *device, uint8_t type, uint16_t message_id);

#endif
