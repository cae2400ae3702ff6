/* The security context of frames: OSCORE's, with keys of its own (RFC 8613 section 3.2.1). */
#include "husk/frame.h"
#include "oscore/context.h"

husk_status husk_frame_context_init(husk_frame_context *context, const husk_oscore_parameters *parameters)
{
    return husk_oscore_context_derive(&context->oscore, parameters, true);
}

void husk_frame_context_wipe(husk_frame_context *context)
{
    husk_wipe(context, sizeof *context);
}

/* Unlike OSCORE, each key serves its owner's numbers only. */
bool husk_frame_is_exhausted(const husk_frame_context *context)
{
    const husk_oscore_context *c = &context->oscore;
    return c->sender_sequence > HUSK_OSCORE_SEQUENCE_MAX || c->sender_sequence >= c->limit_q ||
           c->count_v >= c->limit_v;
}

uint64_t husk_frame_next_number(const husk_frame_context *context)
{
    return context->oscore.sender_sequence;
}
