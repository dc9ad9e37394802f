/* SPDX-License-Identifier: Apache-2.0 */
/* Times of the schedule: phases, spreads, backoff, and what stands in wall time. */
#include "schedule_inside.h"

#define BACKOFF_MAX_NS (600 * NS_PER_S)
#define AT_FULL_RATE   10 /* failures in a row before the interval is stretched */
#define DOUBLED_MOST   4
#define JITTER_SHARE   20 /* of the interval: neighbours with one id prefix must not march in step */
#define AHEAD_NS       (3600 * NS_PER_S) /* a clock that was so far ahead of now was wrong */

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ h >> 33;
}

static uint64_t hash(const uint8_t id[16], const char *name)
{
	uint64_t h = 14695981039346656037ULL; /* FNV-1a */

	for (size_t i = 0; i < 16; i++)
		h = (h ^ id[i]) * 1099511628211ULL;
	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 1099511628211ULL;
	return mix(h);
}

int64_t schedule_phase(const uint8_t id[16], const char *name, int64_t interval_ns)
{
	return (int64_t)(hash(id, name) % (uint64_t)interval_ns);
}

int64_t schedule_due(int64_t now_ns, int64_t interval_ns, int64_t phase_ns)
{
	int64_t at = now_ns - now_ns % interval_ns + phase_ns;

	return at < now_ns ? at + interval_ns : at;
}

int64_t schedule_backoff(int64_t interval_ns, unsigned failures)
{
	int64_t longest = interval_ns < BACKOFF_MAX_NS ? BACKOFF_MAX_NS : interval_ns,
		stretched = interval_ns;

	/* the first failures are measurements, too, and an outage must be seen to end */
	for (unsigned i = AT_FULL_RATE; i < failures && i < AT_FULL_RATE + DOUBLED_MOST; i++)
		stretched *= 2;
	return stretched < longest ? stretched : longest;
}

int64_t schedule_chance(struct schedule *s, int64_t most_ns)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int64_t)((s->random >> 16) % (uint64_t)(most_ns + 1));
}

int64_t schedule_utc(const struct schedule *s)
{
	return s->utc_ns == UTC_UNKNOWN ? UTC_UNKNOWN
	                                : s->utc_ns + loop_now(s->world->loop) - s->utc_at;
}

int64_t schedule_periodic(struct test *t)
{
	struct schedule *s = t->schedule;
	const struct plan_event *e = t->plan.event;
	int64_t now = loop_now(s->world->loop), interval = t->plan.interval_ns,
		step = schedule_backoff(interval, t->failures),
		from = t->due_ns > now && t->due_ns != INT64_MAX ? t->due_ns : now,
		spread = e && e->random_spread_ns ? e->random_spread_ns : interval / JITTER_SHARE;

	/* half an interval ahead at least, so that the jitter of the run before does not make two of one */
	return schedule_due(from + step - interval / 2, interval, t->phase_ns) +
	       schedule_chance(s, spread);
}

void schedule_by_clock(struct test *t)
{
	struct schedule *s = t->schedule;
	int64_t utc = schedule_utc(s), after = utc;

	t->next_utc = UTC_UNKNOWN;
	t->due_ns = INT64_MAX;
	t->waits = utc == UTC_UNKNOWN ? SCHEDULE_WAITS_CLOCK : SCHEDULE_WAITS_NOT;
	/* after a small step back it does not happen again */
	if (utc != UTC_UNKNOWN && t->taken_utc != UTC_UNKNOWN && t->taken_utc > utc &&
		t->taken_utc - utc < AHEAD_NS)
		after = t->taken_utc;
	if (utc != UTC_UNKNOWN)
		t->next_utc = plan_event_next(t->plan.event, after);
	if (t->next_utc == UTC_UNKNOWN)
		return;
	t->spread_ns = schedule_chance(s, t->plan.event->random_spread_ns);
	t->due_ns = loop_now(s->world->loop) + (t->next_utc - utc) + t->spread_ns;
}
