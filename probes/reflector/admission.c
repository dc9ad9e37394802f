/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the throughput server, per client and over all. */
#include "admission.h"
#include "../core/clock.h"

#define CLIENTS 4096
#define HOUR_NS (3600 * NS_PER_S)

struct client {
	int64_t hour, bytes, running;
};

void admission_init(struct admission *a, const struct http_limits *limits)
{
	*a = (struct admission){ .limits = *limits };
	pthread_mutex_init(&a->lock, NULL);
	seats_init(&a->clients, CLIENTS, sizeof(struct client), HOUR_NS);
}

void admission_done(struct admission *a)
{
	seats_done(&a->clients);
	pthread_mutex_destroy(&a->lock);
}

static struct client *find(struct admission *a, const uint8_t *key, int64_t now_ns)
{
	struct client *c = seats_take(&a->clients, key, now_ns);

	if (c->hour != now_ns / HOUR_NS) {
		c->hour = now_ns / HOUR_NS;
		c->bytes = 0;
	}
	return c;
}

bool admission_enter(struct admission *a, const uint8_t client[SEAT_KEY], int64_t now_ns)
{
	struct client *c;
	bool yes;

	pthread_mutex_lock(&a->lock);
	c = find(a, client, now_ns);
	yes = a->running < a->limits.transfers && c->running < a->limits.client_transfers &&
	      c->bytes < a->limits.client_bytes_hour;
	if (yes) {
		c->running++;
		a->running++;
		a->admitted++;
	} else {
		a->refused++;
	}
	pthread_mutex_unlock(&a->lock);
	return yes;
}

bool admission_spend(struct admission *a, const uint8_t client[SEAT_KEY], int64_t n, int64_t now_ns)
{
	struct client *c;
	bool left;

	pthread_mutex_lock(&a->lock);
	c = find(a, client, now_ns);
	c->bytes += n;
	a->bytes += (uint64_t)n;
	left = c->bytes < a->limits.client_bytes_hour;
	pthread_mutex_unlock(&a->lock);
	return left;
}

void admission_leave(struct admission *a, const uint8_t client[SEAT_KEY], int64_t now_ns)
{
	struct client *c;

	pthread_mutex_lock(&a->lock);
	c = find(a, client, now_ns);
	/* 0 when its seat went to another meanwhile */
	c->running -= c->running > 0;
	a->running--;
	pthread_mutex_unlock(&a->lock);
}

struct admission_state admission_state(struct admission *a)
{
	struct admission_state s;

	pthread_mutex_lock(&a->lock);
	s = (struct admission_state){ a->running, a->admitted, a->refused, a->bytes,
		a->running >= a->limits.transfers };
	pthread_mutex_unlock(&a->lock);
	return s;
}
