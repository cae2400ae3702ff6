/* Checks of EAD fields that the messages share. */
#ifndef HUSK_EDHOC_EAD_H
#define HUSK_EDHOC_EAD_H

#include "husk/edhoc.h"

/* HUSK_OK if `ead` is a sequence of EAD items in which every critical one is understood: HUSK_ERR_EAD if not,
 * HUSK_ERR_FORMAT if malformed. */
husk_status husk_edhoc_ead_accept(const husk_edhoc_config *config, husk_bytes ead);

/* HUSK_OK, or HUSK_ERR_ARGUMENT if `ead`, about to be sent, is malformed. */
husk_status husk_edhoc_ead_check(husk_bytes ead);

/* What a reader has left, as a slice. */
husk_bytes husk_edhoc_rest(const husk_cbor_reader *r);

#endif
