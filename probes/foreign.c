/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of others by time: bins of 50 ms over the last minute, filled by the capture or by the counters. */
#include "foreign_inside.h"
#include "core/clock.h"
#include "core/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BIN_NS       (50 * NS_PER_MS)
#define BINS         1280
#define LOOK_NS      (100 * NS_PER_MS) /* new flows of ours reach the kernel's filter within this */
#define LOST_BYTES   600               /* of a packet nobody saw, until some were seen */
#define SPAN_LEAST   (100 * NS_PER_MS)
#define FILTER_FLOWS 48
/* A test is to be right within 3 %: less traffic of others than that cannot be told from its own error, ten percent
 * moves a result between classes. */
#define MINOR_PERCENT   3
#define DISCARD_PERCENT 10
#define COUNTERS_ERROR  3 /* percent: headers and retransmissions are estimated */

struct foreign {
	struct loop *loop;
	struct loop_timer timer;
	const struct foreign_own *own;
	struct foreign_capture *capture; /* NULL: counters */
	struct foreign_here here;
	char iface[NETIF_NAME];
	struct foreign_flow connected
		[FOREIGN_CONNECTED]; /* all seen in this watch: what ended may still arrive */
	size_t n, next;
	int64_t looked_ns;
	unsigned told_changes;
	bool filter_old;
	uint64_t rx, tx; /* counters at the last look */
	uint64_t packets, bytes;
	int64_t first_bin, newest_bin; /* loop time / BIN_NS */
	uint32_t bin[3][BINS];         /* by enum foreign_way */
};

static bool same_flow(const struct foreign_flow *a, const struct foreign_flow *b)
{
	return a->protocol == b->protocol && a->local_port == b->local_port &&
	       a->remote.port == b->remote.port &&
	       !memcmp(a->remote.address, b->remote.address, sizeof(a->remote.address));
}

void foreign_tell(struct foreign_own *own, const struct foreign_flow *flow)
{
	for (size_t i = 0; i < own->n; i++)
		if (same_flow(&own->told[i], flow))
			return;
	own->told[own->next] = *flow;
	own->next = (own->next + 1) % FOREIGN_FLOWS;
	own->n += own->n < FOREIGN_FLOWS;
	own->changes++;
}

/* --- bins ------------------------------------------------------------------------------------------------------- */

static void advance(struct foreign *f, int64_t bin)
{
	if (bin - f->newest_bin > BINS)
		f->newest_bin = bin - BINS;
	while (f->newest_bin < bin) {
		f->newest_bin++;
		for (int way = 0; way < 3; way++)
			f->bin[way][f->newest_bin % BINS] = 0;
	}
}

static void add(struct foreign *f, int way, int64_t at_ns, uint64_t bytes)
{
	int64_t bin = at_ns / BIN_NS;
	uint32_t *b;

	advance(f, bin);
	if (bin < f->first_bin || bin <= f->newest_bin - BINS)
		return;
	b = &f->bin[way][bin % BINS];
	*b = UINT32_MAX - *b < bytes ? UINT32_MAX : *b + (uint32_t)bytes;
}

/* What of the bin lies in the span, as if it had flowed evenly. */
static double part(const struct foreign *f, int way, int64_t bin, int64_t from_ns, int64_t to_ns)
{
	int64_t a = bin * BIN_NS, b = a + BIN_NS;

	a = a < from_ns ? from_ns : a;
	b = b > to_ns ? to_ns : b;
	return f->bin[way][bin % BINS] * (double)(b - a) / BIN_NS;
}

int foreign_between(
	const struct foreign *f, int64_t from_ns, int64_t to_ns, struct foreign_rates *out)
{
	double sum[3] = { 0 }, to_bps = 8e9 / (double)(to_ns - from_ns);
	int64_t last = to_ns / BIN_NS;

	if (to_ns - from_ns < SPAN_LEAST || from_ns / BIN_NS < f->first_bin ||
		from_ns / BIN_NS <= f->newest_bin - BINS)
		return -ERANGE;
	for (int64_t bin = from_ns / BIN_NS; bin <= last && bin <= f->newest_bin; bin++)
		for (int way = 0; way < 3; way++)
			sum[way] += part(f, way, bin, from_ns, to_ns);
	out->down_bps = (int64_t)((sum[FOREIGN_DOWN] + sum[FOREIGN_UNKNOWN]) * to_bps);
	out->up_bps = (int64_t)((sum[FOREIGN_UP] + sum[FOREIGN_UNKNOWN]) * to_bps);
	out->all_bps = (int64_t)((sum[0] + sum[1] + sum[2]) * to_bps);
	out->captured = f->capture;
	return 0;
}

/* --- whose it is ------------------------------------------------------------------------------------------------ */

static bool is_own(const struct foreign *f, const struct foreign_packet *p)
{
	for (size_t i = 0; i < f->own->n; i++)
		if (foreign_belongs(p, &f->own->told[i]))
			return true;
	for (size_t i = 0; i < f->n; i++)
		if (foreign_belongs(p, &f->connected[i]))
			return true;
	return false;
}

/* Sockets of flows that were told need no lines of their own in the filter. */
static bool is_known(const struct foreign *f, const struct foreign_flow *flow)
{
	struct foreign_flow from_any = *flow;

	from_any.local_port = 0;
	for (size_t i = 0; i < f->own->n; i++)
		if (same_flow(&f->own->told[i], &from_any))
			return true;
	for (size_t i = 0; i < f->n; i++)
		if (same_flow(&f->connected[i], flow))
			return true;
	return false;
}

/* The broker's connection and whatever else this process has open. */
static void look_at_sockets(struct foreign *f)
{
	struct foreign_flow now[FOREIGN_CONNECTED];
	size_t n = foreign_connected(now, FOREIGN_CONNECTED);

	f->looked_ns = clock_loop();
	for (size_t i = 0; i < n; i++) {
		if (is_known(f, &now[i]))
			continue;
		f->connected[f->next] = now[i];
		f->next = (f->next + 1) % FOREIGN_CONNECTED;
		f->n += f->n < FOREIGN_CONNECTED;
		f->filter_old = true;
	}
}

static void seen(void *arg, const struct foreign_packet_seen *s)
{
	struct foreign *f = arg;
	int64_t now = clock_loop(), at = s->wall_ns - (clock_wall() - now);

	if (is_own(f, &s->packet))
		return;
	/* a connection of ours may be younger than our last look */
	if (now - f->looked_ns > BIN_NS) {
		look_at_sockets(f);
		if (is_own(f, &s->packet))
			return;
	}
	/* a stamp that is not of the last seconds: the clock was set meanwhile */
	if (at > now || at < now - 5 * NS_PER_S)
		at = now;
	f->packets++;
	f->bytes += s->packet.bytes;
	add(f, s->packet.way, at, s->packet.bytes);
}

static void renew_filter(struct foreign *f)
{
	struct foreign_flow all[FILTER_FLOWS];
	size_t n = 0;

	if (!f->filter_old && f->told_changes == f->own->changes)
		return;
	for (size_t i = 0; i < f->own->n && n < FILTER_FLOWS; i++)
		all[n++] = f->own->told[i];
	for (size_t i = 0; i < f->n && n < FILTER_FLOWS; i++)
		all[n++] = f->connected[i];
	foreign_capture_without(f->capture, all, n);
	f->told_changes = f->own->changes;
	f->filter_old = false;
}

/* --- the watch -------------------------------------------------------------------------------------------------- */

static void count(struct foreign *f)
{
	uint64_t rx, tx;
	int64_t now = clock_loop();

	if (netif_counters(f->iface, &rx, &tx))
		return;
	add(f, FOREIGN_DOWN, now, rx >= f->rx ? rx - f->rx : rx);
	add(f, FOREIGN_UP, now, tx >= f->tx ? tx - f->tx : tx);
	f->rx = rx;
	f->tx = tx;
}

static void tick(struct loop_timer *t)
{
	struct foreign *f = container_of(t, struct foreign, timer);
	uint64_t lost;

	loop_timer_in(f->loop, t, f->capture ? LOOK_NS : BIN_NS);
	advance(f, clock_loop() / BIN_NS);
	if (!f->capture) {
		count(f);
		return;
	}
	look_at_sockets(f);
	renew_filter(f);
	lost = foreign_capture_lost(f->capture);
	if (lost)
		add(f, FOREIGN_UNKNOWN, clock_loop(),
			lost * (f->packets ? f->bytes / f->packets : LOST_BYTES));
}

int foreign_new(
	struct foreign **out, struct loop *l, const char *iface, const struct foreign_own *own)
{
	struct foreign *f = mem_new(sizeof(*f));
	int err = foreign_look_here(&f->here, iface);

	if (!err)
		err = netif_counters(iface, &f->rx, &f->tx);
	if (err) {
		free(f);
		return err;
	}
	f->loop = l;
	f->own = own;
	f->timer.fire = tick;
	memcpy(f->iface, iface, strnlen(iface, NETIF_NAME - 1));
	if (own->counters_only || foreign_capture_new(&f->capture, l, iface, &f->here, seen, f))
		f->capture = NULL;
	f->first_bin = f->newest_bin = clock_loop() / BIN_NS;
	if (f->capture) {
		look_at_sockets(f);
		f->filter_old = true;
		renew_filter(f);
	}
	loop_timer_in(l, &f->timer, f->capture ? LOOK_NS : BIN_NS);
	*out = f;
	return 0;
}

void foreign_free(struct foreign *f)
{
	if (!f)
		return;
	loop_timer_stop(f->loop, &f->timer);
	foreign_capture_free(f->capture);
	free(f);
}

bool foreign_captures(const struct foreign *f)
{
	return f->capture;
}

const char *foreign_interference(
	const struct foreign_own *own, int64_t foreign_bps, int64_t rate_bps, bool captured)
{
	double minor = own->minor_percent > 0 ? own->minor_percent : MINOR_PERCENT,
	       discard = own->discard_percent > 0 ? own->discard_percent : DISCARD_PERCENT,
	       share = rate_bps > 0      ? 100.0 * (double)foreign_bps / (double)rate_bps
	               : foreign_bps > 0 ? 100.0
	                                 : 0;

	if (!captured)
		share -= COUNTERS_ERROR;
	return share >= discard ? "discarded" : share >= minor ? "minor" : "none";
}
