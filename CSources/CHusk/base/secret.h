/* base/secret: marks for the machines that check that no branch and no address depends on a secret.
 *
 * HUSK_SECRET(p, n) says that p[0..n) is secret from here on; HUSK_PUBLIC(p, n) that it may be known to everybody,
 * which is the only way a secret may come to decide anything. Both are nothing unless the build is for a checker:
 * valgrind (-DHUSK_CHECK_VALGRIND) or MemorySanitizer (-DHUSK_CHECK_MSAN), which then takes a secret for
 * uninitialised memory and reports every jump and every address made from it. */
#ifndef HUSK_BASE_SECRET_H
#define HUSK_BASE_SECRET_H

#if defined(HUSK_CHECK_VALGRIND)
#include <valgrind/memcheck.h>
#define HUSK_SECRET(p, n) ((void)VALGRIND_MAKE_MEM_UNDEFINED((p), (n)))
#define HUSK_PUBLIC(p, n) ((void)VALGRIND_MAKE_MEM_DEFINED((p), (n)))
#elif defined(HUSK_CHECK_MSAN)
#include <sanitizer/msan_interface.h>
#define HUSK_SECRET(p, n) __msan_allocated_memory((p), (n))
#define HUSK_PUBLIC(p, n) __msan_unpoison((p), (n))
#else
#define HUSK_SECRET(p, n) ((void)(p), (void)(n))
#define HUSK_PUBLIC(p, n) ((void)(p), (void)(n))
#endif

#endif
