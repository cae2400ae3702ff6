/* The names by which LLVM calls memcpy and its kin on Arm (Run-time ABI for the Arm Architecture, section 4.3.4), for
 * firmware in Swift. Those that promise an alignment may be called with it alone. */
#include <stddef.h>
#include <string.h>

#define COPY(name, function) \
    void name(void *to, const void *from, size_t len); \
    void name(void *to, const void *from, size_t len) \
    { \
        function(to, from, len); \
    }

#define SET(suffix) \
    void __aeabi_memset##suffix(void *at, size_t len, int value); \
    void __aeabi_memset##suffix(void *at, size_t len, int value) \
    { \
        memset(at, value, len); \
    } \
    void __aeabi_memclr##suffix(void *at, size_t len); \
    void __aeabi_memclr##suffix(void *at, size_t len) \
    { \
        memset(at, 0, len); \
    }

COPY(__aeabi_memcpy, memcpy)
COPY(__aeabi_memcpy4, memcpy)
COPY(__aeabi_memcpy8, memcpy)
COPY(__aeabi_memmove, memmove)
COPY(__aeabi_memmove4, memmove)
COPY(__aeabi_memmove8, memmove)
SET()
SET(4)
SET(8)
