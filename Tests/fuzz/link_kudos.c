/* Everything that may arrive at the ends of a link that get their keys by KUDOS: see support/link.h for the steps. Bits
 * of the first byte: 1 point to point, 2 frames of 24 bytes, 4 the end that begins runs FS mode too.
 *
 * seed: 05 0300 0100 0101 0100 0101 040005 0100 040140 0101
 * seed: 00 0300 0100 0101 0100 0101 040005 0100 040140 0101
 * seed: 07 0300 0100 0101 0100 0101 040030 0100 0100 0100 040130 0101 0101 0101
 * seed: 05 0300 0301 0200 0201 05010100 05000000 0100 0101 0100 0101
 * seed: 04 0301 0101 0100 0101 0100
 * seed: 05 0300 0200 00ff 0200 00ff 0200 00ff 0200 00ff 0200 00ff 0200
 * seed: 05 0300 0100 0101 05010000 0100 05010100 0101 05010300 040005 0200 05010000 05010000
 * seed: 00 0300 0100 0101 0100 0101 040005 0200 0701000461626364 0701000461626364
 * seed: 05 0300 0100 0101 0100 0101 0801 040005 0100 0300 0100 0101 0100 0101
 * seed: 05 0300 0100 0800 0300 0100 0101 0801 0100 0101
 * seed: 05 0300 0100 0101 0200 040005 0300 0100 0100
 * seed: 05 0300 0100 0901 0101 0900 0300 0100
 * seed: 04 0300 0100 0201 0010 0100 0101 0100 0101 0300 0100 0101 0201 0010 */
#include "support/link.h"

FUZZ_GOALS(FUZZ_LINK_GOALS);

static const uint8_t secret[16] = {9, 8, 7};

void fuzz_setup(void)
{
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    bool fs = (choice & 4) != 0;
    for (unsigned i = 0; i < 2; i++) {
        fuzz_end *end = &fuzz_ends[i];
        end->kudos_config = (husk_kudos_config){
            .aead = &fuzz_aead_8,
            .hash = &husk_hash_sha256,
            .random = {fuzz_link_random, NULL},
            .bootstrap_secret = {secret, sizeof secret},
            .sender_id = {1, {(uint8_t)(1 + i)}},
            .recipient_id = {1, {(uint8_t)(2 - i)}},
            .capable = fs || i == 1,
            .frame = true,
        };
        end->config = (husk_link_config){
            .profile = &husk_link_kudos,
            .point_to_point = (choice & 1) != 0,
            .kudos = &end->kudos,
            .kudos_config = &end->kudos_config,
        };
    }
    /* Whoever forges a message can say that his side runs FS mode, after which no-FS mode is refused for good (section
     * 4.4.2): with the keys in his hands, the ends are locked out in either mode. */
    fuzz_link_run(&in, (choice & 2) != 0 ? 24 : 0, true);
}
