/* The replay window: a bitmap of the 32 sequence numbers up to the greatest one verified (RFC 8613 section 7.4). */
#include "oscore/replay.h"

bool husk_oscore_replay_is_fresh(const husk_oscore_context *context, uint64_t sequence)
{
    if (context->window_bits == 0 || sequence > context->window_top) {
        return true;
    }
    uint64_t age = context->window_top - sequence;
    return age < HUSK_OSCORE_WINDOW && (context->window_bits >> (uint32_t)age & 1) == 0;
}

void husk_oscore_replay_accept(husk_oscore_context *context, uint64_t sequence)
{
    uint32_t bits = context->window_bits;
    if (bits != 0 && sequence <= context->window_top) {
        context->window_bits = bits | (uint32_t)1 << (uint32_t)(context->window_top - sequence);
        return;
    }
    uint64_t step = sequence - context->window_top;
    bits = step < HUSK_OSCORE_WINDOW ? bits << (uint32_t)step : 0;
    context->window_bits = bits | 1;
    context->window_top = sequence;
}

void husk_oscore_replay_set_lowest(husk_oscore_context *context, uint64_t sequence)
{
    context->window_bits |= UINT32_MAX << (uint32_t)(context->window_top - sequence);
}
