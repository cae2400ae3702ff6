/* reading: see reading.h. */
#include "reading.h"

#include <string.h>

#define TEMPLATE "[{\"n\":\"t\",\"u\":\"Cel\",\"v\":00.000}]"
#define FIRST_DIGIT 24

_Static_assert(sizeof TEMPLATE - 1 == READING_BYTES, "the payload has exactly 32 bytes");

void reading_compose(uint8_t out[READING_BYTES], uint32_t millidegrees)
{
    static const uint8_t places[5] = {0, 1, 3, 4, 5}; /* of the digits in 00.000 */
    memcpy(out, TEMPLATE, READING_BYTES);
    for (unsigned i = 5; i-- > 0;) {
        out[FIRST_DIGIT + places[i]] = (uint8_t)('0' + millidegrees % 10);
        millidegrees /= 10;
    }
}

uint32_t reading_simulated(uint32_t number)
{
    return 21500 + 125 * (number % 64);
}
