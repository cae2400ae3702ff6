/* The header of a protected frame, and its AEAD: what data and KUDOS messages share. */
#ifndef HUSK_FRAME_HEADER_H
#define HUSK_FRAME_HEADER_H

#include "husk/frame.h"

/* Bits of the flag byte (RFC 8613 section 6.1) of a frame that is protected, whose lowest three bits are the length of
 * the Partial IV, 1 to 5. */
#define HUSK_FRAME_FLAG_KID 0x08
#define HUSK_FRAME_FLAG_KUDOS 0x80 /* Extension-1 of draft-ietf-core-oscore-key-update-14 section 4.1 */

/* Length of an identifier on the wire. */
size_t husk_frame_identifier_bytes(const husk_id *id);

/* Seals `payload` as a data frame, or as a KUDOS message if `pair` is not empty. As husk_frame_seal. */
husk_status husk_frame_protect(husk_oscore_context *context, bool with_kid, husk_bytes pair, husk_bytes payload,
                               uint8_t *out, size_t out_cap, size_t *out_len);

/* Opens the frame of this header, which is in frame[0..len), with `context`. As husk_frame_open. */
husk_status husk_frame_unprotect(husk_oscore_context *context, const husk_frame_header *header, uint8_t *frame,
                                 size_t len, husk_frame_message *message);

#endif
