/* The steps between the phases of the endpoint. Each composes the next request into the buffer and puts it in flight,
 * or returns why it could not and leaves nothing in flight. */
#ifndef HUSK_DEVICE_STEPS_H
#define HUSK_DEVICE_STEPS_H

#include "device/exchange.h"

/* A new handshake with the suite device->suite_index: message_1. */
husk_status husk_device_authenticate(husk_device *device);

/* The answer to message_1 or message_3. HUSK_ERR_* if it was dropped; otherwise *event says what came of it. */
husk_status husk_device_take_message_2(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event);
husk_status husk_device_take_message_4(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event);

/* device->request under the security context. */
husk_status husk_device_send_request(husk_device *device);

/* Options and payload of a request have to fit: HUSK_ERR_ARGUMENT, HUSK_ERR_BUFFER. */
husk_status husk_device_check_request(const husk_device_request *request);

/* The answer to it, still protected. */
husk_status husk_device_take_response(husk_device *device, const husk_coap_message *answer, uint8_t *datagram,
                                      size_t len, husk_event *event);

/* Ends what is in progress: nothing in flight, no request, no handshake. The security context stays. */
void husk_device_abandon(husk_device *device);

/* The same, and says why in *event. */
void husk_device_fail(husk_device *device, husk_status status, uint8_t code, husk_event *event);

#endif
