/* SPDX-License-Identifier: Apache-2.0 */
/* What qemu-user does not pass on to the kernel cannot be tested under it, and is said. */
#ifndef TESTS_EMULATED_H
#define TESTS_EMULATED_H

#include <stdlib.h>

#define SKIP_EMULATED(what) \
	do { \
		if (getenv("EMULATED")) { \
			print_message("emulated: " what "\n"); \
			skip(); \
		} \
	} while (0)

#endif
