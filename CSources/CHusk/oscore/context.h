/* The derivation of a security context, for each of the protocols that have contexts of their own. */
#ifndef HUSK_OSCORE_CONTEXT_H
#define HUSK_OSCORE_CONTEXT_H

#include "husk/oscore.h"

/* What husk_oscore_context_init demands of lengths and IDs. */
bool husk_oscore_parameters_are_valid(const husk_oscore_parameters *parameters);

/* As husk_oscore_context_init; with `frame`, for frames instead of OSCORE messages: the type in the info of HKDF is
 * "Frame Key" or "Frame IV" instead of "Key" or "IV", so that no key or IV is derived twice, whatever the secrets and
 * IDs are. */
husk_status husk_oscore_context_derive(husk_oscore_context *context, const husk_oscore_parameters *parameters,
                                       bool frame);

#endif
