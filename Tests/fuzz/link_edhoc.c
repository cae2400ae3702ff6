/* Everything that may arrive at the ends of a link that get their keys by EDHOC-PSK: see support/link.h for the steps.
 * Bits of the first byte: 1 point to point, 2 frames of 24 bytes, 4 the ends prefer different suites, 8 both have the
 * same identifier, 16 the Responder does not have the key that it is asked for first.
 *
 * seed: 01 0300 0100 0101 0100 0101 040005 0100 040140 0101
 * seed: 00 0300 0100 0101 0100 0101 040005 0100 040140 0101
 * seed: 03 0300 0100 0100 0101 0101 0100 0101 040030 0100 0100 0100 040130 0101 0101 0101
 * seed: 04 0300 0100 0101 0100 0101 0100 0101
 * seed: 09 0300 0100 0101 0100 0101
 * seed: 01 0300 0200 00ff 0200 00ff 0200 00ff 0200 00ff 0200 00ff 0200
 * seed: 01 0300 0100 0201 0009 0100 0101 0100 0201 0010 0100 0101
 * seed: 01 0300 0100 0101 05010000 0100 05010100 0101 05010300 040005 0200 05010000 05010000
 * seed: 01 0300 0100 0101 0100 0101 040005 0200 0701000461626364 0701000461626364
 * seed: 01 0300 0100 0101 0100 0101 0801 040005 0100 0300 0100 0101 0100 0101
 * seed: 01 0300 0100 06000257f6 060003570401
 * seed: 01 0300 0100 0101 0904 0100 0101 0300 0900
 * seed: 01 0300 0100 0101 0100 05010200 0101
 * seed: 00 0300 0200 0501000101 01 */
#include "support/edhoc.h"
#include "support/link.h"

FUZZ_GOALS(FUZZ_LINK_GOALS);

static const husk_suite *const suites[2][2] = {{&fuzz_suite_3, &fuzz_suite_2}, {&fuzz_suite_2, &fuzz_suite_3}};
static husk_psk other_psk;
static husk_psk psks[2];

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
    other_psk = fuzz_psk;
    other_psk.kid = (husk_bytes){(const uint8_t *)"other", 5};
    psks[0] = other_psk;
    psks[1] = fuzz_psk;
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    bool differ = (choice & 4) != 0;
    for (unsigned i = 0; i < 2; i++) {
        fuzz_ends[i].config = (husk_link_config){
            .profile = i == 0 ? &husk_link_edhoc_initiator : &husk_link_edhoc_responder,
            .point_to_point = (choice & 1) != 0,
            .edhoc = {.suites = suites[differ ? i : 0], .suite_count = differ && i == 1 ? 1 : 2},
            .psks = i == 0 ? &fuzz_psk : psks,
            .psk_count = i == 0 ? 1 : 2,
            .id = {1, {i == 0 || (choice & 8) != 0 ? 0x07 : 0x27}},
        };
    }
    fuzz_link_run(&in, (choice & 2) != 0 ? 24 : 0, false);
}
