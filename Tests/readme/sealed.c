/* A reading for the application, in an envelope, in a frame to the gateway: which verifies it, and cannot read it. */
#include "husk/husk.h"

husk_status seal_reading(husk_envelope_sender *to_application, husk_frame_context *to_gateway, husk_bytes reading,
                         uint8_t *frame, size_t frame_cap, size_t *frame_len)
{
    static const uint8_t application[] = "application";
    const husk_envelope_metadata label = {
        .destination = {application, sizeof application - 1},
        .has_content_format = true, .content_format = 60, /* CBOR */
        .has_priority = true, .priority = 1,
    };
    uint8_t envelope[128];
    husk_bytes sealed = {envelope, 0};
    husk_status status = husk_envelope_seal(to_application, &label, reading, envelope, sizeof envelope, &sealed.len);
    if (status != HUSK_OK) {
        return status;
    }
    return husk_frame_seal(to_gateway, true, sealed, frame, frame_cap, frame_len);
}
