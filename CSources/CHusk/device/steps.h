/* The steps between the phases of the endpoint. Each composes the next request into the buffer and puts it in flight,
 * or returns why it could not and leaves nothing in flight. */
#ifndef HUSK_DEVICE_STEPS_H
#define HUSK_DEVICE_STEPS_H

#include "device/exchange.h"

/* A new handshake with the suite device->suite_index: message_1. */
husk_status husk_device_authenticate(husk_device *device);

/* The answer to message_1, or to message_3 sent alone. HUSK_ERR_* if it was dropped; otherwise *event says what came of
 * it. */
husk_status husk_device_take_message_2(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event);
husk_status husk_device_take_message_4(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event);

/* What an EDHOC error message, or anything else but success, says about the handshake in progress: another attempt,
 * or the end in *event. */
void husk_device_take_refusal(husk_device *device, const husk_coap_message *answer, husk_event *event);

/* The handshake is over, and the gateway authenticated: the context counts, the handshake is wiped, and what the next
 * one can start from is stored. */
void husk_device_authenticated(husk_device *device);

/* Derives the security context from the handshake, in place of any other. */
husk_status husk_device_take_context(husk_device *device);

/* device->request under the security context; with message_3 in front unless that is empty. */
husk_status husk_device_send_request(husk_device *device, husk_bytes message_3);

/* Options and payload of a request have to fit with `extra` bytes more: HUSK_ERR_ARGUMENT, HUSK_ERR_BUFFER. */
husk_status husk_device_check_request(const husk_device_request *request, size_t extra);

/* The answer to it, still protected. */
husk_status husk_device_take_response(husk_device *device, const husk_coap_message *answer, uint8_t *datagram,
                                      size_t len, husk_event *event);

/* Ends what is in progress: nothing in flight, no request, no handshake. The security context stays. */
void husk_device_abandon(husk_device *device);

/* The same, and says why in *event. */
void husk_device_fail(husk_device *device, husk_status status, uint8_t code, husk_event *event);

#endif
