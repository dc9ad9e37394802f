/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody may guess wrong: counted by address, IPv6 by its /64. */
#ifndef ENROLL_LIMIT_H
#define ENROLL_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LIMIT_ADDRESSES 1024
#define LIMIT_FAILURES  10 /* within */
#define LIMIT_WINDOW_NS (600 * 1000000000LL)

struct limit {
	struct {
		uint8_t who[16];
		unsigned failures;
		int64_t since_ns,
			last_ns; /* of the window; of the newest failure.  last_ns 0: free */
	} entry[LIMIT_ADDRESSES];
};

/* 0: it may try; else seconds to wait.  now_ns: clock_loop(). */
unsigned limit_wait_s(const struct limit *l, const struct sockaddr *from, int64_t now_ns);
void limit_failed(struct limit *l, const struct sockaddr *from, int64_t now_ns);

#endif
