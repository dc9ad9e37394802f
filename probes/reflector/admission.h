/* SPDX-License-Identifier: Apache-2.0 */
/* Who may transfer, and how much.  Thread-safe. */
#ifndef REFLECTOR_ADMISSION_H
#define REFLECTOR_ADMISSION_H

#include "http_server.h"
#include "seats.h"
#include <pthread.h>

struct admission {
	pthread_mutex_t lock;
	struct seats clients;
	struct http_limits limits;
	int64_t running;
	uint64_t admitted, refused, bytes;
};

void admission_init(struct admission *a, const struct http_limits *limits);
void admission_done(struct admission *a);

bool admission_enter(struct admission *a, const uint8_t client[SEAT_KEY], int64_t now_ns);
/* Counts n bytes; false when the client has used up its hour. */
bool admission_spend(
	struct admission *a, const uint8_t client[SEAT_KEY], int64_t n, int64_t now_ns);
void admission_leave(struct admission *a, const uint8_t client[SEAT_KEY], int64_t now_ns);

struct admission_state {
	int64_t running;
	uint64_t admitted, refused, bytes;
	bool full;
};
struct admission_state admission_state(struct admission *a);

#endif
