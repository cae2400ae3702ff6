/* Husk: the security of a SIM card for devices too small for certificates.
 *
 * This umbrella header is also the conventions page. What it says holds for every function of the core, and the
 * headers it includes say only what they add to it.
 *
 * Who owns memory
 *     The caller, always. The core allocates nothing, does no I/O and has no global mutable state. Every struct is
 *     public so that its size is known at compile time; its fields are private by convention unless documented.
 *     There is no close function: a struct that holds secrets has a wipe function, to be called when done with it.
 *     A struct may be moved with memcpy while no call is running, unless its comment says otherwise.
 *
 * Pointers and lengths
 *     A pointer may be NULL exactly where its length is 0. `const uint8_t key[16]` states the number of bytes read;
 *     outputs are stated alike. Slices (`husk_bytes`) borrow: they stay valid as long as the memory they point into.
 *     Inputs and outputs must not overlap unless the function says so.
 *
 * Status
 *     Functions that can fail return `husk_status`: HUSK_OK (0) or one negative HUSK_ERR_* (see base.h). After an
 *     error, outputs hold nothing of use, no secret is left in them, and the state behind the context argument is
 *     what it was before the call: a forged message cannot disturb a session. Buffers that are processed in place
 *     are an exception: after an error their content is unspecified, and never unauthenticated plaintext.
 *
 * Constant time
 *     No branch and no memory address depends on a secret: keys, shared secrets, keystreams and plaintext bytes.
 *     Lengths, identifiers and everything that goes over the wire are public. This assumes that the 32x32
 *     multiplication of the processor takes the same time for all operands (true of Cortex-M0, M0+, M4 and M33; on
 *     the M3 the 64-bit results of UMULL do vary, and the core does not use it there).
 *
 * Threads
 *     Two calls on the same struct must not run at the same time; calls on different structs may.
 *
 * Integers on the wire are big-endian (network order) unless the specification says otherwise. "MUST" in comments
 * has the meaning of RFC 2119. Names of protocol variables are those of the specifications in lower case
 * (`th_3`, `prk_4e3m`).
 */
#ifndef HUSK_HUSK_H
#define HUSK_HUSK_H

#include "husk/base.h"
#include "husk/journal.h"
#include "husk/primitive.h"
#include "husk/crypto.h"
#include "husk/cbor.h"
#include "husk/cose.h"
#include "husk/envelope.h"
#include "husk/coap.h"
#include "husk/block.h"
#include "husk/oscore.h"
#include "husk/kudos.h"
#include "husk/edhoc.h"
#include "husk/frame.h"
#include "husk/fragment.h"
#include "husk/link.h"
#include "husk/device.h"
#include "husk/tables.h"

#endif
