/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a throughput measurement. */
#include "core/clock.h"
#include "core/mem.h"
#include "core/quantile.h"
#include "throughput_inside.h"
#include <math.h>
#include <string.h>

int64_t throughput_quantile(int64_t *v, size_t n, double q)
{
	quantile_sort(v, n);
	return quantile_of(v, n, q);
}

void throughput_say_target(struct probe *p, struct record *r)
{
	struct throughput *t = probe_state(p);
	char text[NETIF_TEXT];

	record_set_text(r, FIELD_TARGET, probe_str(p, "target"));
	record_set_text(r, FIELD_METHOD, t->librespeed ? "librespeed" : t->tls ? "https" : "http");
	if (t->to.ss_family) {
		record_set_int(r, FIELD_FAMILY, t->to.ss_family == AF_INET6 ? 6 : 4);
		record_set_text(r, FIELD_ADDRESS, netif_text(&t->to, text));
	}
	record_set_text(r, FIELD_IFACE, *t->iface ? t->iface : NULL);
	record_set_text(r, FIELD_DIRECTION, t->up ? "up" : "down");
	record_set_bool(r, FIELD_TLS, t->tls);
	if (t->status)
		record_set_int(r, FIELD_HTTP_STATUS, t->status);
}

static void say_rate(struct probe *p, struct record *r)
{
	struct throughput *t = probe_state(p);
	int64_t sub[RECORD_INTS],
		idle = t->n_idle ? throughput_quantile(t->idle, t->n_idle, 0.5) : 0;
	/* as many as fit in a record: 6.4 s of 100 ms, 16 s of 250 ms */
	int64_t length = t->load_end_ns - t->load_ns <= RECORD_INTS * 100 * NS_PER_MS ? 100 : 250;
	struct rate_verdict v;
	char text[RATE_CLASS_TEXT];
	size_t n;

	if (t->load_end_ns - t->load_ns > RECORD_INTS * 250 * NS_PER_MS)
		length = 500;
	rate_judge(&t->rate, t->bounds_bps, t->n_bounds, idle * NS_PER_US, &v);
	n = rate_intervals(&t->rate, length * NS_PER_MS, sub, RECORD_INTS);
	record_set_int(r, FIELD_RATE_BPS, (int64_t)llround(v.bps));
	record_set_ints(r, FIELD_SUB_BPS, sub, n);
	record_set_int(r, FIELD_SUB_MS, length);
	record_set_int(r, FIELD_RAMP_MS, v.ramp_ns / NS_PER_MS);
	record_set_text(r, FIELD_STOP_REASON, t->stop);
	record_set_text(r, FIELD_CONFIDENCE,
		rate_confidence_name[t->full && !strcmp(t->stop, "decided") ? RATE_HIGH
									    : v.confidence]);
	record_set_text(
		r, FIELD_RATE_CLASS, rate_class_text(t->bounds, t->n_bounds, v.rate_class, text));
}

static void say_tcp(struct throughput *t, struct record *r)
{
	int64_t rtt[STREAMS_MAX], least = INT64_MAX, sent = 0, again = 0;
	size_t n = 0;

	for (size_t i = 0; i < t->streams; i++) {
		const struct stream *s = &t->stream[i];

		if (!s->told)
			continue;
		rtt[n++] = s->tcp.rtt_us;
		if (s->tcp.min_rtt_us >= 0 && s->tcp.min_rtt_us < least)
			least = s->tcp.min_rtt_us;
		sent = sent < 0 || s->tcp.bytes_sent < 0 ? -1 : sent + s->tcp.bytes_sent;
		again = again < 0 || s->tcp.bytes_retrans < 0 ? -1 : again + s->tcp.bytes_retrans;
	}
	if (!n)
		return;
	record_set_int(r, FIELD_TCP_RTT_US, throughput_quantile(rtt, n, 0.5));
	if (least != INT64_MAX)
		record_set_int(r, FIELD_TCP_MIN_RTT_US, least);
	if (sent >= 0)
		record_set_int(r, FIELD_TCP_BYTES_SENT, sent);
	if (again >= 0)
		record_set_int(r, FIELD_TCP_BYTES_RETRANS, again);
}

static void say_round_trips(struct throughput *t, struct record *r)
{
	int64_t p50;

	if (t->n_idle)
		record_set_real(
			r, FIELD_IDLE_P50_US, (double)throughput_quantile(t->idle, t->n_idle, 0.5));
	if (!t->n_loaded)
		return;
	p50 = throughput_quantile(t->loaded, t->n_loaded, 0.5);
	record_set_real(r, FIELD_LOADED_P50_US, (double)p50);
	record_set_real(
		r, FIELD_LOADED_P95_US, (double)throughput_quantile(t->loaded, t->n_loaded, 0.95));
	if (p50 > 0)
		record_set_real(r, FIELD_RPM, 60e6 / (double)p50);
}

/* Of what the counters see the way up, ours is also what the far end has not acknowledged yet. */
static void say_others(struct probe *p, struct record *r, int64_t bytes)
{
	struct throughput *t = probe_state(p);
	int64_t sent = record_int(r, FIELD_TCP_BYTES_SENT, -1);
	struct probe_load load = { .from_ns = t->load_ns,
		.to_ns = t->load_end_ns,
		.rate_bps = record_int(r, FIELD_RATE_BPS, 0),
		.up = t->up,
		.bytes = t->up && sent > bytes ? sent : bytes,
		.mss = t->stream[0].told ? t->stream[0].tcp.mss : 0 };

	probe_competing(p, r, &load);
}

static void say_cost(struct throughput *t, struct record *r)
{
	int64_t loaded = t->load_end_ns - t->load_ns;
	double share = loaded > 0 ? (double)t->cpu_used_ns / (double)loaded : 0;
	uint64_t rx, tx;

	record_set_int(r, FIELD_DURATION_MS, (t->load_end_ns - t->begun_ns) / NS_PER_MS);
	record_set_int(r, FIELD_LAG_US, t->lag_ns / NS_PER_US);
	record_set_real(r, FIELD_CPU_SHARE, share > 1 ? 1 : share);
	if (share > 0.9)
		t->limited_by = "probe";
	if (t->counted && !netif_counters(t->iface, &rx, &tx) && rx >= t->rx && tx >= t->tx) {
		record_set_int(r, FIELD_BYTES_DOWN, (int64_t)(rx - t->rx));
		record_set_int(r, FIELD_BYTES_UP, (int64_t)(tx - t->tx));
	}
	record_set_text(r, FIELD_LIMITED_BY, t->limited_by);
}

void throughput_say(struct probe *p, struct record *r, int64_t bytes)
{
	struct throughput *t = probe_state(p);

	throughput_say_target(p, r);
	say_rate(p, r);
	record_set_int(r, FIELD_STREAMS, (int64_t)(t->streams - t->failed));
	record_set_int(r, FIELD_BYTES, bytes);
	record_set_text(r, FIELD_HTTP_VERSION, *t->version ? t->version : "1.1");
	say_tcp(t, r);
	say_round_trips(t, r);
	say_cost(t, r);
	say_others(p, r, bytes);
}
