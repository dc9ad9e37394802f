/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"
#include "budget_file.h"
#include "../probes/core/clock.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAVE_BYTES \
	(256u << 10) /* at the latest after so much traffic: 300 MB are 1,200 saves a month */
#define SAVE_NS        (3600 * NS_PER_S) /* or so long: flash does not last for ever */
#define GATHER_TIMES   4                 /* as long, when the reserve is being used */
#define GATHER_SLOWEST (900 * NS_PER_S)  /* when it is gone */

void budget_open(struct budget *b, const char *path, const uint8_t boot[16])
{
	size_t n = strnlen(path, sizeof(b->path) - 1);
	int err;

	memcpy(b->path, path, n);
	b->path[n] = 0;
	memcpy(b->boot, boot, sizeof(b->boot));
	err = budget_read(b);
	if (err && err != -ENOENT)
		log_warn("budget", "%s cannot be read: this month's traffic is counted from now",
			path);
	/* a cut while a large test ran: nobody knows how far it came */
	if (!err && !b->have_last)
		b->used += b->pledge;
	b->saved_used = b->used;
	b->saved_pledge = b->pledge;
	b->pledge = 0;
}

int budget_period(int64_t utc_ns, int reset_day)
{
	time_t t = (time_t)(utc_ns / NS_PER_S);
	struct tm local;
	int month;

	if (!localtime_r(&t, &local))
		return 0;
	month = (local.tm_year + 1900) * 12 + local.tm_mon;
	return local.tm_mday < reset_day ? month - 1 : month;
}

static uint64_t moved(uint64_t from, uint64_t to)
{
	return to >= from ? to - from
	                  : to; /* the interface went and came: it counts from 0 again */
}

static const struct traffic *last_of(const struct budget *b, const char *name)
{
	static const struct traffic none;

	for (size_t i = 0; i < b->last.n; i++)
		if (!strcmp(b->last.at[i].name, name))
			return &b->last.at[i].moved;
	return &none;
}

/* An interface that is gone is remembered: it may come back with its counters as they were. */
static void remember(struct budget *b, const struct traffic_one *one)
{
	size_t i = 0;

	while (i < b->last.n && strcmp(b->last.at[i].name, one->name) != 0)
		i++;
	if (i == TRAFFIC_IFACES)
		i = TRAFFIC_IFACES - 1;
	else if (i == b->last.n)
		b->last.n++;
	b->last.at[i] = *one;
}

/* A file of version 1 holds one sum of all interfaces, under this name. */
static const char sum_name[] = "all";

static uint64_t count_sum(struct budget *b, const struct traffic_each *now)
{
	struct traffic was = b->last.at[0].moved, sum = { 0, 0 };

	b->last.n = 0;
	for (size_t i = 0; i < now->n; i++) {
		sum.down += now->at[i].moved.down;
		sum.up += now->at[i].moved.up;
		remember(b, &now->at[i]);
	}
	return moved(was.down, sum.down) + moved(was.up, sum.up);
}

static uint64_t count_all(struct budget *b, const struct traffic_each *now)
{
	uint64_t bytes = 0;

	if (b->last.n == 1 && !strcmp(b->last.at[0].name, sum_name))
		return count_sum(b, now);
	for (size_t i = 0; i < now->n; i++) {
		const struct traffic *was = last_of(b, now->at[i].name);

		bytes += moved(was->down, now->at[i].moved.down) +
		         moved(was->up, now->at[i].moved.up);
		remember(b, &now->at[i]);
	}
	return bytes;
}

void budget_count_each(
	struct budget *b, const struct traffic_each *now, int64_t utc_ns, bool trusted)
{
	bool first = !b->have_last && !b->period && !b->used;
	uint64_t bytes = count_all(b, now);
	int period = utc_ns == UTC_UNKNOWN ? b->period : budget_period(utc_ns, b->reset_day);

	/* without a file and in the first minutes of a boot the counters are all ours; else unknown */
	if (first)
		bytes = 0;
	if (b->period && period > b->period) {
		b->used = 0;
		b->changed = true;
	}
	/* a clock that steps back does not bring last month's back; one that had gone ahead, to a month
	 * that is years away, must not keep this allowance from ever beginning anew */
	if (period >= b->period || (trusted && utc_ns != UTC_UNKNOWN))
		b->period = period;
	b->used += bytes;
	b->have_last = true;
}

void budget_count(struct budget *b, const struct traffic *now, int64_t utc_ns, bool trusted)
{
	struct traffic_each each = { .n = 1, .at = { { .moved = *now } } };

	memcpy(each.at[0].name, sum_name, sizeof(sum_name));
	budget_count_each(b, &each, utc_ns, trusted);
}

/* --- pages ------------------------------------------------------------------------------------------------------ */

/* Room for one more: first goes what is of an older month, then what was not used for the longest time. */
static struct budget_page *oldest(struct budget *b)
{
	struct budget_page *least = &b->other[0];

	for (size_t i = 1; i < b->others; i++) {
		struct budget_page *one = &b->other[i];

		if (one->period != least->period ? one->period < least->period
						 : one->turn < least->turn)
			least = one;
	}
	return least;
}

static void put_away(struct budget *b)
{
	struct budget_page *to = b->others < COUNT(b->other) ? &b->other[b->others++] : oldest(b);

	*to = (struct budget_page){ b->sim, b->period, b->used, b->turn++ };
}

static bool take_out(struct budget *b, uint64_t sim)
{
	for (size_t i = 0; i < b->others; i++)
		if (b->other[i].sim == sim) {
			b->sim = sim;
			b->period = b->other[i].period;
			b->used = b->other[i].used;
			b->other[i] = b->other[--b->others];
			return true;
		}
	return false;
}

void budget_sim(struct budget *b, uint64_t sim)
{
	int period = b->period;
	uint64_t used = b->used;
	bool nameless = !b->sim;

	if (!sim || sim == b->sim)
		return;
	if (!nameless)
		put_away(b);
	if (!take_out(b, sim)) {
		b->sim = sim;
		b->period = period;
		b->used = nameless ? used : 0;
	} else if (nameless && (!period || period >= b->period)) {
		if (period > b->period && b->period)
			b->used = 0;
		b->period = period > b->period ? period : b->period;
		b->used += used;
	}
	b->changed = true;
}

/* --- shares ----------------------------------------------------------------------------------------------------- */

uint64_t budget_for_tests(const struct budget *b)
{
	if (!b->limit)
		return UINT64_MAX;
	return b->limit > b->reserve ? b->limit - b->reserve : 0;
}

uint64_t budget_line(const struct budget *b, const char *name, const char *kind)
{
	uint64_t all = budget_for_tests(b);
	int percent = 100;

	for (size_t i = 0; i < b->cuts; i++)
		if ((!strcmp(b->cut[i].name, name) || !strcmp(b->cut[i].name, kind)) &&
			b->cut[i].percent < percent)
			percent = b->cut[i].percent;
	return b->limit ? all / 100 * (unsigned)percent + all % 100 * (unsigned)percent / 100 : all;
}

bool budget_may_spend(const struct budget *b)
{
	return b->used < budget_for_tests(b);
}

int64_t budget_gather(const struct budget *b, int64_t usual_ns)
{
	int64_t longer = usual_ns;

	if (!b->limit || b->used < budget_for_tests(b))
		return usual_ns;
	if (b->used < b->limit)
		return usual_ns * GATHER_TIMES;
	longer = usual_ns * GATHER_TIMES;
	return longer > GATHER_SLOWEST ? longer : GATHER_SLOWEST;
}

int budget_cut(const char *text, struct budget_cut *out, struct why *why)
{
	size_t n = strcspn(text, " ");
	const char *at = text + n + strspn(text + n, " ");
	char *end;
	long percent = strtol(at, &end, 10);

	end += strspn(end, " ");
	end += *end == '%';
	if (!n || n >= BUDGET_NAME || *at < '0' || *at > '9' || *end)
		return why_say(why, -EINVAL, "\"%.60s\" is not as \"throughput 70\"", text);
	if (percent < 1 || percent > 100)
		return why_say(why, -EINVAL, "\"%.60s\": a share is from 1 to 100 percent", text);
	memcpy(out->name, text, n);
	out->name[n] = 0;
	out->percent = (int)percent;
	return 0;
}

/* --- saving ----------------------------------------------------------------------------------------------------- */

void budget_pledge(struct budget *b, uint64_t bytes)
{
	b->pledge = bytes;
}

bool budget_pledged(const struct budget *b)
{
	return b->saved_pledge >= b->pledge;
}

int budget_save(struct budget *b, int64_t mono_ns, bool force)
{
	bool due = b->changed || b->used < b->saved_used || b->used - b->saved_used >= SAVE_BYTES ||
	           mono_ns - b->saved_ns >= SAVE_NS || b->pledge != b->saved_pledge;
	int err;

	if (!force && !due)
		return 0;
	err = budget_write(b);
	b->saved_ns = mono_ns;
	b->saved_used = b->used;
	b->changed = false;
	if (!err)
		b->saved_pledge = b->pledge;
	return err;
}
