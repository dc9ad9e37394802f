/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"
#include "../probes/core/clock.h"
#include "../probes/core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAVE_BYTES (1u << 20)        /* at the latest after so much traffic */
#define SAVE_NS    (3600 * NS_PER_S) /* or so long: flash does not last for ever */

static void hex(char out[33], const uint8_t bytes[16])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void budget_open(struct budget *b, const char *path, const uint8_t boot[16])
{
	char was[33] = "", is[33];
	uint64_t used, down, up;
	int period, n;
	FILE *f;

	snprintf(b->path, sizeof(b->path), "%s", path);
	memcpy(b->boot, boot, sizeof(b->boot));
	f = fopen(path, "re");
	if (!f)
		return;
	n = fscanf(f, "phusong budget 1 %d %" SCNu64 " %32s %" SCNu64 " %" SCNu64, &period, &used,
		was, &down, &up);
	fclose(f);
	if (n != 5 || period < 0) {
		log_warn("budget", "%s cannot be read: this month's traffic is counted from now",
			path);
		return;
	}
	b->period = period;
	b->used = b->saved_used = used;
	hex(is, boot);
	if (!strcmp(is, was)) {
		b->last = (struct traffic){ down, up };
		b->have_last = true;
	}
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

void budget_count(struct budget *b, const struct traffic *now, int64_t utc_ns, bool trusted)
{
	uint64_t bytes = b->have_last ? moved(b->last.down, now->down) + moved(b->last.up, now->up)
	                              : now->down + now->up;
	int period = utc_ns == UTC_UNKNOWN ? b->period : budget_period(utc_ns, b->reset_day);

	/* without a file and in the first minutes of a boot the counters are all ours; else unknown */
	if (!b->have_last && !b->period && !b->used)
		bytes = 0;
	if (b->period && period > b->period)
		b->used = 0;
	/* a clock that steps back does not bring last month's back; one that had gone ahead, to a month
	 * that is years away, must not keep this allowance from ever beginning anew */
	if (period >= b->period || (trusted && utc_ns != UTC_UNKNOWN))
		b->period = period;
	b->used += bytes;
	b->last = *now;
	b->have_last = true;
}

bool budget_may_spend(const struct budget *b)
{
	return !b->limit || b->used + b->reserve < b->limit;
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, text, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		text += w;
		n -= (size_t)w;
	}
	return fsync(fd) ? -errno : 0;
}

int budget_save(struct budget *b, int64_t mono_ns, bool force)
{
	char text[160], fresh[520], boot[33];
	int fd, n, err;

	if (!force && b->used - b->saved_used < SAVE_BYTES && mono_ns - b->saved_ns < SAVE_NS &&
		b->used >= b->saved_used)
		return 0;
	hex(boot, b->boot);
	n = snprintf(text, sizeof(text),
		"phusong budget 1 %d %" PRIu64 " %s %" PRIu64 " %" PRIu64 "\n", b->period, b->used,
		boot, b->last.down, b->last.up);
	snprintf(fresh, sizeof(fresh), "%s.new", b->path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, (size_t)n);
	close(fd);
	if (!err && rename(fresh, b->path))
		err = -errno;
	b->saved_ns = mono_ns;
	b->saved_used = b->used;
	return err;
}
