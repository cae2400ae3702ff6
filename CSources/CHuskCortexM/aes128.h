/* aes128: SubBytes on bitsliced state (primitive/aes128.h): in assembly for ARMv7-M, else the core's. ARMv6-M has too
 * few registers for assembly to be much faster. */
#ifndef HUSK_CORTEX_M_AES128_H
#define HUSK_CORTEX_M_AES128_H

#include "primitive/aes128.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 2
void husk_cortex_m_aes128_sub_bytes(uint32_t q[8]);
#else
#define husk_cortex_m_aes128_sub_bytes husk_aes128_sub_bytes
#endif

#endif
