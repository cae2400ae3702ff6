/* The server's end of the pipes. */
#ifndef TLS_SERVER_LINK_H
#define TLS_SERVER_LINK_H

#include "scenarios.h"

/* Opens the pipes `to_server` and `from_server` in the working directory; false if they are not there. */
bool link_open(void);

/* The kind of the next frame, which stays there; 0 if the client has ended. */
uint8_t link_next(void);

/* Takes the next frame; its bytes are good until the next call. */
const uint8_t *link_take(size_t *len);

void link_answer(uint8_t kind, const void *bytes, size_t len);

/* Prints what crosses the link from now on, the messages of a scenario, or nothing if it is NULL. */
void link_log(const tls_scenario *scenario);

/* From now on the server sends no ChangeCipherSpec of TLS 1.3, which has no meaning: mbedTLS's server sends it to every
 * client, also to one that has not asked for compatibility with middleboxes (RFC 8446 section D.4). */
void link_drop_change_cipher_spec(bool dropped);

/* Callbacks of mbedTLS; `context` is not used. They end the connection if the client sends no data. */
int link_send(void *context, const unsigned char *bytes, size_t len);
int link_receive(void *context, unsigned char *out, size_t cap);

#endif
