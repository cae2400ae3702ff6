/* What the endpoint and its profiles offer each other. A step composes the next request into the buffer and puts it
 * in flight, or returns why it could not and leaves nothing in flight. An *event is all zero until a step sets it. */
#ifndef HUSK_DEVICE_STEPS_H
#define HUSK_DEVICE_STEPS_H

#include "device/exchange.h"

/* device->session_state. */
#define HUSK_DEVICE_SESSION_NONE 0
#define HUSK_DEVICE_SESSION_STALE 1
#define HUSK_DEVICE_SESSION_CURRENT 2

/* Before a request goes out under a context that counts: what is to be in storage is there. */
husk_status husk_device_reserve(husk_device *device);

/* The context was replaced: the one in storage is another. */
void husk_device_replace_session(husk_device *device);

/* husk_device_start; or, with `about_observation`, the request that registers or cancels the observation. */
husk_status husk_device_begin(husk_device *device, const husk_device_request *request, bool about_observation);

/* Puts device->request in flight, under the security context; with an Echo option unless `echo` is NULL, and with the
 * EDHOC option if `phase` says that message 3 is to go in front. */
husk_status husk_device_send_request(husk_device *device, const husk_bytes *echo, uint8_t phase);

/* Options and payload of a request have to fit with `extra` bytes more: HUSK_ERR_ARGUMENT, HUSK_ERR_BUFFER. */
husk_status husk_device_check_request(const husk_device *device, const husk_device_request *request, size_t extra);

/* The answer to it, still protected. HUSK_ERR_* if it was dropped. */
husk_status husk_device_take_response(husk_device *device, const husk_coap_message *answer, uint8_t *datagram,
                                      size_t len, husk_event *event);

/* An answer without OSCORE to a request that was protected: another handshake, or the end in *event. */
void husk_device_take_unprotected(husk_device *device, const husk_coap_message *answer, husk_event *event);

/* The security context was replaced, or is about to be: an observation under it is to be registered anew. */
void husk_device_end_observation(husk_device *device);

/* The handshake is over and the gateway authenticated: the context counts. Sends the request that waits for it, if
 * there is one. */
void husk_device_begin_session(husk_device *device, husk_event *event);

/* Ends what is in progress: nothing in flight, no request, no handshake. A context that counts stays. */
void husk_device_abandon(husk_device *device);

/* The same, and says why in *event. */
void husk_device_fail(husk_device *device, husk_status status, uint8_t code, husk_event *event);

#endif
