/* The security contexts that a session gives. */
#ifndef HUSK_EDHOC_CONTEXT_H
#define HUSK_EDHOC_CONTEXT_H

#include "husk/edhoc.h"

/* As husk_edhoc_oscore_context; with `frame`, the keys are those of frames. */
husk_status husk_edhoc_context_derive(const husk_edhoc *session, husk_oscore_context *context, bool frame);

#endif
