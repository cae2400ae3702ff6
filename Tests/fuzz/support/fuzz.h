/* What fuzz targets share: the input taken apart, checks that stop the fuzzer, the goals that prove a target reaches
 * what it is for, an AEAD that watches and can be told to trust, and random numbers. See ../README.md. */
#ifndef HUSK_FUZZ_H
#define HUSK_FUZZ_H

#include <string.h>

#include "husk/husk.h"

typedef struct fuzz_input {
    const uint8_t *data;
    size_t len;
} fuzz_input;

/* What a target is: called for every input. */
void fuzz_one(fuzz_input in);

/* Called once, before the first input; every target has one, empty or not. Checks that fail in it stop the target. */
void fuzz_setup(void);

/* ---- Goals ----
 *
 * FUZZ_GOALS(ACCEPTED, REFUSED) declares what the seeds of a target have to reach, all of it: a target whose seeds do
 * not is a failed one, because it may be testing nothing. */
#define FUZZ_GOALS_MAX 16
#define FUZZ_GOALS(...)   \
    enum { __VA_ARGS__ }; \
    const char *const fuzz_goals = FUZZ_TEXT(__VA_ARGS__)
#define FUZZ_TEXT(...) #__VA_ARGS__
extern const char *const fuzz_goals;
void fuzz_reached(unsigned goal);

/* ---- Checks ---- */

_Noreturn void fuzz_fail(const char *file, int line, const char *what);
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
#define FUZZ_OK(call) FUZZ_CHECK((call) == HUSK_OK)

/* `inner` lies in outer[0..len). */
void fuzz_check_inside(husk_bytes inner, const uint8_t *outer, size_t len);

/* Same length and content. */
bool fuzz_same(husk_bytes a, husk_bytes b);

/* ---- The input ---- */

/* The next byte, 0 at the end. */
uint8_t fuzz_byte(fuzz_input *in);

/* The next `len` bytes, or what there is. */
husk_bytes fuzz_take(fuzz_input *in, size_t len);

/* All that is left. */
husk_bytes fuzz_rest(fuzz_input *in);

/* A copy on the heap of exactly that size, where the sanitizer sees an access one byte too far. Lives as long as the
 * input. */
uint8_t *fuzz_exact(const uint8_t *data, size_t len);

/* XORs message[0..len) with pairs (offset, mask) of the rest of the input: an honest message with a few bytes wrong.
 * True if any byte changed. */
bool fuzz_patch(fuzz_input *in, uint8_t *message, size_t len);

size_t fuzz_unhex(const char *hex, uint8_t *out, size_t cap);

/* ---- Random numbers and storage ---- */

/* A random hook that goes on from fuzz_random_state. */
extern uint64_t fuzz_random_state;
husk_status fuzz_random(void *context, uint8_t *out, size_t len);

/* ---- AES-CCM, watched ----
 *
 * Every seal and open really runs, and checks that
 *   - no key and nonce seal two different texts since fuzz_aead_begin,
 *   - what is opened is what was encrypted, and a text that does not verify is not there decrypted afterwards.
 *
 * An AEAD refuses everything a fuzzer makes up. So a target may ask for trust: open then takes the text for one that
 * verifies, unless its last tag byte is 0xff. The plaintext is the text after fuzz_conceal, which is its own
 * inverse. */
extern const husk_aead fuzz_aead_8;  /* for AES-CCM-16-64-128 */
extern const husk_aead fuzz_aead_16; /* for AES-CCM-16-128-128 */

void fuzz_aead_begin(bool trusting);
void fuzz_aead_trust(bool trusting);
void fuzz_conceal(uint8_t *text, size_t len);

/* How many texts were opened since fuzz_aead_begin, successfully. */
unsigned fuzz_aead_opened(void);

/* The same, successfully or not. */
unsigned fuzz_aead_tried(void);

/* After an error: the plaintext of the last open, verified or not, is not at the place where it was opened, which must
 * still be allocated. */
void fuzz_check_no_plaintext(void);

#endif
