/* The payloads and AEADs of messages in steady state. */
#include "scenarios.h"

void steady(void (*make)(const husk_aead *aead), void (*exchange)(const char *aead, husk_bytes payload))
{
    static const struct {
        const char *name;
        const husk_aead *aead;
    } aeads[] = {{"aes_ccm", &husk_aead_aes_ccm_16_64_128}, {"chacha20", &husk_aead_chacha20_poly1305}};
    static const size_t sizes[] = {1, 16, 32, 64, 256, PAYLOAD_MAX_BYTES};
    static uint8_t payload[PAYLOAD_MAX_BYTES];
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof aeads / sizeof aeads[0]; i++) {
        make(aeads[i].aead);
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
            exchange(aeads[i].name, (husk_bytes){payload, sizes[n]});
        }
    }
}
