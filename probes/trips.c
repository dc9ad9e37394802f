/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of one run, and what they add up to. */
#include "trips.h"
#include "core/mem.h"
#include "core/quantile.h"
#include "kstamp.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Two readings of wall and monotonic time are never simultaneous; they were taken within this. */
#define STEP_NS 1000000

void trips_init(struct trips *t, size_t room, int64_t timeout_ns)
{
	*t = (struct trips){ .room = room, .timeout_ns = timeout_ns };
	t->v = mem_new(room * sizeof(*t->v));
	t->order = mem_new(room * sizeof(*t->order));
	/* packets doubled on the way there take numbers, too */
	t->far_room = room * 4;
	t->far_seen = mem_new(t->far_room / 8 + 1);
}

void trips_done(struct trips *t)
{
	free(t->v);
	free(t->order);
	free(t->far_seen);
	*t = (struct trips){ 0 };
}

int trips_sent(struct trips *t, int64_t wall_ns, int64_t offset_ns)
{
	if (t->sent == t->room)
		return -ENOBUFS;
	t->v[t->sent++] = (struct trip){ .sent_ns = wall_ns, .offset_ns = offset_ns };
	return 0;
}

void trips_departed(struct trips *t, uint32_t seq, int64_t wall_ns)
{
	if (seq >= t->sent || t->v[seq].sent_kernel)
		return;
	t->v[seq].sent_ns = wall_ns;
	t->v[seq].sent_kernel = true;
}

static void note_far_seq(struct trips *t, const struct trip_reply *r, bool again)
{
	uint8_t bit = 1 << (r->far_seq & 7);

	if (r->far_seq >= t->far_room) {
		t->far_confused = true;
		return;
	}
	if (t->far_seen[r->far_seq / 8] & bit) {
		/* doubled on the way back it is the same packet again; else two packets had one number */
		if (!again || t->v[r->seq].far_seq != r->far_seq)
			t->far_confused = true;
		return;
	}
	t->far_seen[r->far_seq / 8] |= bit;
	t->far_known++;
	if (r->far_seq >= t->far_next)
		t->far_next = r->far_seq + 1;
}

enum trip_news trips_reply(struct trips *t, const struct trip_reply *r)
{
	struct trip *trip;
	bool again;

	if (r->seq >= t->sent)
		return TRIP_UNKNOWN;
	trip = &t->v[r->seq];
	again = trip->answered || trip->late;
	if (r->told)
		note_far_seq(t, r, again);
	if (again) {
		t->duplicates++;
		return TRIP_DUPLICATE;
	}
	trip->far_seq = r->far_seq;
	trip->stepped = llabs(r->offset_ns - trip->offset_ns) > STEP_NS;
	if (!trip->stepped && r->back_ns - trip->sent_ns > t->timeout_ns) {
		trip->late = true;
		t->late++;
		return TRIP_LATE;
	}
	trip->answered = true;
	trip->back_ns = r->back_ns;
	trip->back_kernel = r->kernel;
	trip->far_in_ns = r->told ? r->far_in_ns : 0;
	trip->far_out_ns = r->told ? r->far_out_ns : 0;
	t->order[t->answered++] = r->seq;
	/* RFC 4737 3.3: reordered when it comes after a later one */
	if (r->seq < t->highest)
		t->reordered++;
	else
		t->highest = r->seq + 1;
	return TRIP_ANSWERED;
}

bool trips_complete(const struct trips *t)
{
	return t->answered == t->sent;
}

bool trips_last_heard(const struct trips *t)
{
	return t->sent > 0 && (t->v[t->sent - 1].answered || t->v[t->sent - 1].late);
}

void trips_cut(struct trips *t)
{
	while (t->sent > 0 && !trips_last_heard(t))
		t->sent--;
}

/* (T4 - T1) - (T3 - T2); -1 when the clock was set, here or there, between two of them. */
static int64_t round_trip(const struct trip *trip)
{
	int64_t whole = trip->back_ns - trip->sent_ns, held = trip->far_out_ns - trip->far_in_ns;

	if (!trip->answered || trip->stepped || whole < 0 || held < 0 || held > whole)
		return -1;
	return whole - held;
}

int64_t trips_slowest(const struct trips *t)
{
	int64_t slowest = 0;

	for (size_t i = 0; i < t->answered; i++) {
		int64_t ns = round_trip(&t->v[t->order[i]]);

		slowest = ns > slowest ? ns : slowest;
	}
	return slowest;
}

bool trips_split(const struct trips *t, unsigned *up, unsigned *down)
{
	size_t unheard = t->sent - t->answered - t->late, skipped;

	if (t->far_confused || t->far_known == 0 || !trips_last_heard(t))
		return false;
	/* a number of the far end that never came back is a reply lost on the way back.  A packet doubled
	 * on the way there has two replies, and one of those can be missed without a loss. */
	skipped = t->far_next - t->far_known;
	*down = (unsigned)((skipped < unheard ? skipped : unheard) + t->late);
	*up = (unsigned)(t->sent - t->answered) - *down;
	return true;
}

static void set_us(struct record *r, enum field f, double ns)
{
	record_set_real(r, f, ns / 1000);
}

static void fill_quantiles(struct record *r, int64_t *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i];
	quantile_sort(v, n);
	set_us(r, FIELD_RTT_MIN_US, (double)v[0]);
	set_us(r, FIELD_RTT_P50_US, (double)quantile_of(v, n, 0.50));
	set_us(r, FIELD_RTT_P95_US, (double)quantile_of(v, n, 0.95));
	set_us(r, FIELD_RTT_P99_US, (double)quantile_of(v, n, 0.99));
	set_us(r, FIELD_RTT_MAX_US, (double)v[n - 1]);
	set_us(r, FIELD_RTT_MEAN_US, sum / (double)n);
}

static void fill_variation(const struct trips *t, struct record *r, int64_t *scratch)
{
	int64_t before = -1;
	double jitter = 0;
	bool any = false;
	size_t n = 0;

	/* RFC 3550 6.4.1: between packets in order of arrival */
	for (size_t i = 0; i < t->answered; i++) {
		int64_t ns = round_trip(&t->v[t->order[i]]);

		if (ns >= 0 && before >= 0) {
			jitter += ((double)llabs(ns - before) - jitter) / 16;
			any = true;
		}
		before = ns >= 0 ? ns : before;
	}
	if (any)
		set_us(r, FIELD_JITTER_US, jitter);
	/* RFC 3393: between packets sent one after the other, both of which came back */
	for (size_t i = 1; i < t->sent; i++) {
		int64_t a = round_trip(&t->v[i - 1]), b = round_trip(&t->v[i]);

		if (a >= 0 && b >= 0)
			scratch[n++] = llabs(b - a);
	}
	if (n > 0) {
		quantile_sort(scratch, n);
		set_us(r, FIELD_IPDV_P95_US, (double)quantile_of(scratch, n, 0.95));
	}
}

/* Who took the times of the round trips: the worst of them counts. */
static enum kstamp_mode stamps_of(const struct trips *t)
{
	enum kstamp_mode mode = KSTAMP_KERNEL;

	for (size_t i = 0; i < t->answered; i++) {
		const struct trip *trip = &t->v[t->order[i]];

		if (!trip->back_kernel)
			return KSTAMP_USER;
		if (!trip->sent_kernel)
			mode = KSTAMP_KERNEL_RX;
	}
	return mode;
}

void trips_fill(struct trips *t, struct record *r, bool split)
{
	int64_t *v = mem_new((t->sent + 1) * sizeof(*v));
	unsigned up, down;
	size_t n = 0;

	t->discarded = 0;
	for (size_t i = 0; i < t->answered; i++) {
		int64_t ns = round_trip(&t->v[t->order[i]]);

		if (ns >= 0)
			v[n++] = ns;
		else
			t->discarded++;
	}
	record_set_int(r, FIELD_SENT, (int64_t)t->sent);
	record_set_int(r, FIELD_RECEIVED, (int64_t)t->answered);
	if (split && trips_split(t, &up, &down)) {
		record_set_int(r, FIELD_LOST_UP, up);
		record_set_int(r, FIELD_LOST_DOWN, down);
	}
	record_set_int(r, FIELD_DUPLICATES, t->duplicates);
	record_set_int(r, FIELD_REORDERED, t->reordered);
	record_set_int(r, FIELD_DISCARDED, t->discarded);
	if (t->answered > 0)
		record_set_text(r, FIELD_STAMPS, kstamp_mode_name[stamps_of(t)]);
	if (n > 0)
		fill_quantiles(r, v, n);
	fill_variation(t, r, v);
	free(v);
}

void trips_fill_one_way(struct trips *t, struct record *r, int64_t error_us)
{
	int64_t *up = mem_new((t->answered + 1) * sizeof(*up));
	int64_t *down = mem_new((t->answered + 1) * sizeof(*down));
	size_t n = 0;

	for (size_t i = 0; i < t->answered; i++) {
		const struct trip *trip = &t->v[t->order[i]];

		if (round_trip(trip) < 0 || !trip->far_in_ns)
			continue;
		up[n] = trip->far_in_ns - trip->sent_ns;
		down[n++] = trip->back_ns - trip->far_out_ns;
	}
	if (n > 0) {
		int64_t up50, down50;

		quantile_sort(up, n);
		quantile_sort(down, n);
		up50 = quantile_of(up, n, 0.5);
		down50 = quantile_of(down, n, 0.5);
		/* a delay below nothing by more than the clocks' errors proves one of them wrong */
		if (up50 > -error_us * 1000 && down50 > -error_us * 1000) {
			set_us(r, FIELD_OWD_UP_P50_US, (double)up50);
			set_us(r, FIELD_OWD_DOWN_P50_US, (double)down50);
			record_set_real(r, FIELD_OWD_ERROR_US, (double)error_us);
		}
	}
	free(up);
	free(down);
}
