/* The frame context of an EDHOC session (RFC 9528 appendix A.1). */
#include "edhoc/context.h"
#include "husk/frame.h"

husk_status husk_edhoc_frame_context(const husk_edhoc *session, husk_frame_context *context)
{
    return husk_edhoc_context_derive(session, &context->oscore, true);
}
