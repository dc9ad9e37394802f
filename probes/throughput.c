/* SPDX-License-Identifier: Apache-2.0 */
/* How much the line carries, over parallel HTTP streams against a reflector or a LibreSpeed server: idle
 * round trips, then load with round trips beside it, until the class or the rate is decided or a cap
 * is reached; then the queue is left to drain.  Once for each direction.
 *
 * The round trips are small HTTP requests over one connection that stays open: from the request to the
 * first byte of its answer.  Uploads are counted by what the far end acknowledged, never by what the
 * kernel took from us. */
#include "core/clock.h"
#include "core/mem.h"
#include "throughput_inside.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define URL_MAX           512
#define RADIO_FIELD_COUNT 16 /* of fields.h, at each moment */
#define RESULT_FIELDS     41 /* that throughput_say() sets at most, and the schedule */
#define TICK_NS           (50 * NS_PER_MS)
#define DNS_NS            (5 * NS_PER_S)
#define PING_NS           (5 * NS_PER_S)
#define STALL_NS          (4 * NS_PER_S)    /* without a byte: the load has died */
#define PAUSE_NS          (400 * NS_PER_MS) /* without a byte: nothing is decided now */
#define DRAIN_MOST        (1 * NS_PER_S)
#define CHEAP_BYTES       5000000
#define FULL_BYTES        250000000
#define PRECISE           0.02 /* full: half of the 95 % interval, as a share of the rate */
#define STEADY_FULL       (1 * NS_PER_S)
#define STEADY_CHEAP \
	(500 * NS_PER_MS) /* schedulers and shapers of cells work in tenths of a second */
#define MEGABYTE 1048576  /* LibreSpeed counts its answers in them */

static const char *const directions[] = { "down", "up", "both", NULL };
static const char *const modes[] = { "cheap", "full", NULL };
static const char *const servers[] = { "reflector", "librespeed", NULL };
static const char *const families[] = { "any", "4", "6", NULL };

static const struct setting throughput_settings[] = {
	{ "target", SETTING_TEXT, 0, URL_MAX - 64, NULL, "", NULL,
		"server: http://host:port or https://host/path" },
	{ "server", SETTING_TEXT, 0, 0, "reflector", "", servers, "what the server is" },
	{ "direction", SETTING_TEXT, 0, 0, "both", "", directions,
		"down, up, or one after the other" },
	{ "mode", SETTING_TEXT, 0, 0, "cheap", "", modes,
		"cheap: until the class is decided; full: until the rate is exact" },
	{ "classes", SETTING_REALS, 0.01, 100000, "2.5,5,15,40", "Mbit/s", NULL,
		"bounds between the classes of rates" },
	{ "streams", SETTING_INT, 1, STREAMS_MAX, "4", "", NULL, "parallel connections" },
	{ "max_bytes", SETTING_INT, 0, 10e9, "0", "B", NULL,
		"most payload for each direction; 0: 5 MB cheap, 250 MB full" },
	{ "max_seconds", SETTING_INT, 1, 30, "10", "s", NULL, "longest load for each direction" },
	{ "family", SETTING_TEXT, 0, 0, "any", "", families, "address family" },
	{ "verify", SETTING_BOOL, 0, 0, "true", "", NULL, "https: check the server's certificate" },
	{ "ca_file", SETTING_TEXT, 0, 0, "", "", NULL,
		"https: certificates to trust instead of the system's" },
	{ 0 },
};

static int64_t cpu_time(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void stop_all(struct throughput *t, struct loop *l)
{
	loop_timer_stop(l, &t->tick);
	loop_timer_stop(l, &t->next_ping);
	resolve_cancel(t->query);
	fetch_cancel(t->ping);
	for (size_t i = 0; i < t->streams; i++) {
		fetch_cancel(t->stream[i].job);
		t->stream[i].job = NULL;
	}
	t->query = NULL;
	t->ping = NULL;
}

/* The direction could not be measured.  The other one would fail alike. */
static void fail(struct probe *p, int err, const char *error, const char *text)
{
	struct throughput *t = probe_state(p);
	struct record r;

	stop_all(t, probe_loop(p));
	t->phase = IDLE;
	probe_record(p, &r);
	record_set_text(&r, FIELD_ERROR, error);
	record_set_text(&r, FIELD_ERROR_TEXT, text);
	throughput_say_target(p, &r);
	if (t->busy) {
		record_set_text(&r, FIELD_LIMITED_BY, "server");
		if (t->retry_after_s >= 0)
			record_set_int(&r, FIELD_BUSY_RETRY_S, t->retry_after_s);
	}
	probe_radio(p, &r, FIELD_START_RAT);
	probe_emit(p, &r);
	probe_done(p, err);
}

static void fail_as_fetched(struct probe *p)
{
	struct throughput *t = probe_state(p);
	const char *error = t->busy                         ? "busy"
	                    : t->status                     ? "http_status"
	                    : t->fetch_err == -EKEYREJECTED ? "certificate"
	                    : t->fetch_err == -ETIMEDOUT    ? "timeout"
	                                                    : "unreachable";

	fail(p, t->fetch_err ? t->fetch_err : t->busy ? -EBUSY : -EPROTO, error, t->problem);
}

static bool went_wrong(struct throughput *t, const struct fetch_result *r)
{
	if (!r->err && r->status >= 200 && r->status < 300)
		return false;
	t->fetch_err = r->err;
	t->status = r->status;
	if (r->status == 503 || r->status == 429) {
		t->busy++;
		t->limited_by = "server";
		if (r->retry_after_s >= 0)
			t->retry_after_s = r->retry_after_s;
	}
	if (r->err)
		snprintf(t->problem, sizeof(t->problem), "%.150s", r->problem);
	else
		snprintf(t->problem, sizeof(t->problem), "the server answered %d", r->status);
	return true;
}

/* --- round trips -------------------------------------------------------------------------------------- */

static void begin_load(struct probe *p);

static void ping_done(void *arg, const struct fetch_result *r)
{
	struct probe *p = arg;
	struct throughput *t = probe_state(p);
	bool bad = went_wrong(t, r);

	t->ping = NULL;
	if (t->phase == QUIET) {
		/* a server without this answer can still be measured */
		if (bad && (r->err || t->busy)) {
			fail_as_fetched(p);
			return;
		}
		if (!bad && r->first_byte_us >= 0)
			t->idle[t->n_idle++] = r->first_byte_us;
		if (bad || t->n_idle >= t->pings_wanted) {
			begin_load(p);
			return;
		}
		loop_timer_in(probe_loop(p), &t->next_ping, TICK_NS);
		return;
	}
	if (!bad && r->first_byte_us >= 0 && t->n_loaded < PINGS_LOADED)
		t->loaded[t->n_loaded++] = r->first_byte_us;
	/* on a slow line they must not weigh: about 400 B each */
	loop_timer_in(
		probe_loop(p), &t->next_ping, t->peak_bps > 5000000 ? 2 * TICK_NS : 5 * TICK_NS);
}

static void common_options(struct probe *p, struct fetch_options *o)
{
	struct throughput *t = probe_state(p);

	o->address = &t->to;
	o->iface = probe_world(p)->iface;
	o->unverified = !t->verify;
	o->ca_file = probe_str(p, "ca_file");
}

static void ping_due(struct loop_timer *timer)
{
	struct throughput *t = container_of(timer, struct throughput, next_ping);
	struct probe *p = probe_of(t);
	struct fetch_options o = { .reuse = true, .timeout_ns = PING_NS };
	char url[URL_MAX];
	int err;

	fetch_at(url, sizeof(url), probe_str(p, "target"), t->librespeed ? "/empty.php" : "/ping");
	o.url = url;
	common_options(p, &o);
	err = fetch_start(&t->ping, probe_world(p)->fetch, &o, ping_done, p);
	if (err && t->phase == QUIET)
		fail(p, err, "failed", strerror(-err));
}

/* --- load --------------------------------------------------------------------------------------------- */

static void drain(struct probe *p, const char *stop);

/* Payload of one stream so far: what came, or what was acknowledged. */
static void look(struct throughput *t, struct stream *s)
{
	int64_t down, up;

	if (!s->job)
		return;
	fetch_moved(s->job, &down, &up);
	if (!fetch_tcp(s->job, &s->tcp))
		s->told = true;
	if (!t->up)
		s->moved = down;
	else if (s->told && s->tcp.bytes_acked >= 0)
		s->moved = s->tcp.bytes_acked;
	else
		s->moved = up;
}

static int64_t total(struct throughput *t)
{
	int64_t sum = 0;

	for (size_t i = 0; i < t->streams; i++) {
		look(t, &t->stream[i]);
		sum += t->stream[i].moved;
	}
	return sum;
}

static void stream_done(void *arg, const struct fetch_result *r)
{
	struct stream *s = arg;
	struct throughput *t = s->t;
	struct probe *p = probe_of(t);

	s->job = NULL;
	if (went_wrong(t, r)) {
		t->failed++;
		if (t->failed + t->ended < t->streams)
			return;
		if (t->rate.n > 1 && total(t) > 0)
			drain(p, "error");
		else
			fail_as_fetched(p);
		return;
	}
	snprintf(t->version, sizeof(t->version), "%.7s", r->version);
	s->moved = t->up ? r->up : r->down;
	t->ended++;
	if (!t->up && r->down < t->share)
		t->limited_by = "server";
	/* one stream has had its share of the cap: from here on the others would be measured alone */
	rate_add(&t->rate, clock_loop(), total(t));
	drain(p, "bytes");
}

static bool enough(struct probe *p, int64_t bytes)
{
	struct throughput *t = probe_state(p);
	int64_t rtt = t->n_idle ? throughput_quantile(t->idle, t->n_idle, 0.5) * NS_PER_US : 0;
	struct rate_verdict v;

	if (clock_loop() - t->moved_ns > PAUSE_NS)
		return false;
	rate_judge(&t->rate, t->bounds_bps, t->n_bounds, rtt, &v);
	if (t->full)
		return v.settled && v.steady_ns >= STEADY_FULL && v.half95 <= PRECISE * v.bps;
	return v.decided && bytes > 0 && v.steady_ns >= STEADY_CHEAP;
}

/* The radio when the rate was highest is what it is now, as long as the rate climbs. */
static void watch_peak(struct probe *p)
{
	struct throughput *t = probe_state(p);
	const struct rate_point *a, *b;
	int64_t bps;

	if (t->rate.n < 5)
		return;
	a = &t->rate.point[t->rate.n - 5];
	b = &t->rate.point[t->rate.n - 1];
	bps = (b->bytes - a->bytes) * 8 * NS_PER_S / (b->at_ns - a->at_ns + 1);
	if (bps <= t->peak_bps)
		return;
	t->peak_bps = bps;
	probe_radio(p, &t->record, FIELD_PEAK_RAT);
}

static void tick(struct loop_timer *timer)
{
	struct throughput *t = container_of(timer, struct throughput, tick);
	struct probe *p = probe_of(t);
	struct loop *l = probe_loop(p);
	int64_t now = clock_loop(), bytes;

	bytes = total(t);
	loop_timer_in(l, &t->tick, TICK_NS);
	if (bytes > t->rate.point[t->rate.n - 1].bytes)
		t->moved_ns = now;
	rate_add(&t->rate, now, bytes);
	watch_peak(p);
	if (now - t->moved_ns > STALL_NS) {
		snprintf(t->problem, sizeof(t->problem), "no byte moved for %d s",
			(int)(STALL_NS / NS_PER_S));
		if (bytes > 0)
			drain(p, "idle");
		else
			fail(p, -ETIMEDOUT, "timeout", t->problem);
	} else if (bytes >= t->cap_bytes) {
		drain(p, "bytes");
	} else if (now - t->load_ns >= t->most_ns) {
		drain(p, "time");
	} else if (enough(p, bytes)) {
		drain(p, "decided");
	}
}

static int start_stream(struct probe *p, struct stream *s)
{
	struct throughput *t = probe_state(p);
	struct fetch_options o = { .abort_close = true, .timeout_ns = t->most_ns + 5 * NS_PER_S };
	char path[64] = "", url[URL_MAX];

	if (t->up)
		snprintf(path, sizeof(path), "%s", t->librespeed ? "/empty.php" : "/up");
	else if (t->librespeed)
		snprintf(path, sizeof(path), "/garbage.php?ckSize=%lld",
			(long long)(t->share / MEGABYTE));
	else
		snprintf(path, sizeof(path), "/down?bytes=%lld", (long long)t->share);
	fetch_at(url, sizeof(url), probe_str(p, "target"), path);
	o.url = url;
	o.noise = t->up ? t->share : 0;
	common_options(p, &o);
	s->t = t;
	return fetch_start(&s->job, probe_world(p)->fetch, &o, stream_done, s);
}

static void begin_load(struct probe *p)
{
	struct throughput *t = probe_state(p);
	struct loop *l = probe_loop(p);
	int err = 0;

	t->phase = LOAD;
	t->streams = (size_t)probe_int(p, "streams");
	t->share = t->cap_bytes / (int64_t)t->streams;
	if (t->librespeed && !t->up) {
		while (t->streams > 1 && t->share < MEGABYTE)
			t->share = t->cap_bytes / (int64_t)--t->streams;
		t->share = t->share < MEGABYTE ? MEGABYTE : t->share / MEGABYTE * MEGABYTE;
	}
	memset(t->stream, 0, sizeof(t->stream));
	rate_clear(&t->rate);
	loop_lag_reset(l);
	t->cpu_ns = cpu_time();
	t->load_ns = t->moved_ns = clock_loop();
	rate_add(&t->rate, t->load_ns, 0);
	for (size_t i = 0; i < t->streams && !err; i++)
		err = start_stream(p, &t->stream[i]);
	if (err) {
		fail(p, err, "failed", strerror(-err));
		return;
	}
	loop_timer_in(l, &t->tick, TICK_NS);
	if (t->n_idle)
		loop_timer_in(l, &t->next_ping, 2 * TICK_NS);
}

/* Both legs of EN-DC at three moments are more than a record holds: the peak gives way. */
static void end_radio(struct probe *p)
{
	struct record *r = &((struct throughput *)probe_state(p))->record;

	if (r->count + RADIO_FIELD_COUNT + RESULT_FIELDS > RECORD_VALUES)
		for (int i = 0; i < RADIO_FIELD_COUNT; i++)
			record_unset(r, FIELD_PEAK_RAT + i);
	probe_radio(p, r, FIELD_END_RAT);
}

static void emit(struct probe *p)
{
	struct throughput *t = probe_state(p);

	throughput_say(p, &t->record, total(t));
	probe_emit(p, &t->record);
}

/* The load ends here.  Counters and the other direction wait until the queues on the path are empty. */
static void drain(struct probe *p, const char *stop)
{
	struct throughput *t = probe_state(p);
	struct loop *l = probe_loop(p);
	int64_t wait = t->n_loaded ? 2 * t->loaded[t->n_loaded - 1] * NS_PER_US : 0;

	total(t); /* the last look at the connections */
	/* what did not move after the load had died is no rate */
	while (!strcmp(stop, "idle") && t->rate.n > 1 &&
		t->rate.point[t->rate.n - 1].bytes == t->rate.point[t->rate.n - 2].bytes)
		t->rate.n--;
	t->stop = stop;
	t->load_end_ns = clock_loop();
	t->cpu_used_ns = cpu_time() - t->cpu_ns;
	t->lag_ns = loop_lag_ns(l);
	stop_all(t, l);
	end_radio(p);
	t->phase = DRAIN;
	wait = wait < 2 * TICK_NS ? 2 * TICK_NS : wait > DRAIN_MOST ? DRAIN_MOST : wait;
	loop_timer_in(l, &t->tick, wait);
}

/* --- a run -------------------------------------------------------------------------------------------- */

static void begin_direction(struct probe *p)
{
	struct throughput *t = probe_state(p);

	t->phase = QUIET;
	t->n_idle = t->n_loaded = t->ended = t->failed = t->busy = 0;
	t->streams = 0;
	t->peak_bps = 0;
	t->limited_by = NULL;
	t->retry_after_s = -1;
	t->status = t->fetch_err = 0;
	t->begun_ns = clock_loop();
	t->counted = *t->iface && !netif_counters(t->iface, &t->rx, &t->tx);
	probe_record(p, &t->record);
	probe_radio(p, &t->record, FIELD_START_RAT);
	loop_timer_in(probe_loop(p), &t->next_ping, 0);
}

static void tick_or_drained(struct loop_timer *timer)
{
	struct throughput *t = container_of(timer, struct throughput, tick);
	struct probe *p = probe_of(t);

	if (t->phase == LOAD) {
		tick(timer);
		return;
	}
	emit(p);
	if (t->then_up) {
		t->then_up = false;
		t->up = true;
		begin_direction(p);
		return;
	}
	t->phase = IDLE;
	probe_done(p, 0);
}

static void resolved(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct probe *p = arg;
	struct throughput *t = probe_state(p);
	const char *iface = probe_world(p)->iface;
	struct sockaddr_storage local;

	t->query = NULL;
	if (err) {
		fail(p, err, "dns", resolve_text(err));
		return;
	}
	t->to = *netif_choose(addrs, n, iface);
	err = netif_route(&t->to, iface, &local);
	if (err) {
		fail(p, err, "unreachable", strerror(-err));
		return;
	}
	netif_port(&t->to, t->port);
	probe_flow(p, &t->to, IPPROTO_TCP);
	if (*iface)
		snprintf(t->iface, sizeof(t->iface), "%s", iface);
	else if (netif_of(&local, t->iface))
		t->iface[0] = 0;
	begin_direction(p);
}

static int throughput_open(struct probe *p, struct why *why)
{
	struct throughput *t = probe_state(p);
	const struct settings *s = probe_settings(p);
	const char *family = probe_str(p, "family");

	if (fetch_url(probe_str(p, "target"), t->host, sizeof(t->host), &t->port, &t->tls))
		return why_say(why, -EINVAL,
			"target \"%s\" is not http://host:port or https://host:port",
			probe_str(p, "target"));
	t->n_bounds = settings_count(s, "classes");
	if (t->n_bounds > RATE_BOUNDS)
		return why_say(why, -EINVAL, "classes: more than %d bounds", RATE_BOUNDS);
	for (size_t i = 0; i < t->n_bounds; i++) {
		t->bounds[i] = settings_real_at(s, "classes", i);
		t->bounds_bps[i] = t->bounds[i] * 1e6;
		if (i && t->bounds[i] <= t->bounds[i - 1])
			return why_say(why, -EINVAL, "classes: %g after %g: bounds must grow",
				t->bounds[i], t->bounds[i - 1]);
	}
	t->full = !strcmp(probe_str(p, "mode"), "full");
	t->librespeed = !strcmp(probe_str(p, "server"), "librespeed");
	t->verify = settings_bool(s, "verify");
	t->family = *family == '4' ? 4 : *family == '6' ? 6 : 0;
	t->most_bytes = probe_int(p, "max_bytes");
	if (!t->most_bytes)
		t->most_bytes = t->full ? FULL_BYTES : CHEAP_BYTES;
	t->most_ns = probe_int(p, "max_seconds") * NS_PER_S;
	t->pings_wanted = t->full ? PINGS_IDLE : 5;
	t->tick.fire = tick_or_drained;
	t->next_ping.fire = ping_due;
	return 0;
}

/* What comes on top of the payload of one direction, and of its headers (52 of 1448 bytes, and as much for
 * acknowledgements): handshakes, and the round trips beside it, 400 B each, at most ten a second. */
static int64_t beside(const struct throughput *t)
{
	return 30000 + t->most_ns / NS_PER_S * 4000;
}

static int64_t directions_of(const struct probe *p)
{
	return strcmp(probe_str(p, "direction"), "both") ? 1 : 2;
}

static int64_t throughput_most_bytes(const struct probe *p)
{
	const struct throughput *t = probe_state((struct probe *)p);
	int64_t most = t->librespeed && t->most_bytes < MEGABYTE ? MEGABYTE : t->most_bytes;

	return directions_of(p) * (most + most / 8 + beside(t));
}

/* The payload that this run may move in one direction. */
static int64_t cap_of(struct probe *p)
{
	struct throughput *t = probe_state(p);
	int64_t allowed = probe_allowance(p) / directions_of(p) - beside(t);

	if (!probe_allowance(p) || allowed / 9 * 8 > t->most_bytes)
		return t->most_bytes;
	return allowed > 0 ? allowed / 9 * 8 : 1;
}

static int throughput_start(struct probe *p)
{
	struct throughput *t = probe_state(p);
	const char *direction = probe_str(p, "direction");

	t->cap_bytes = cap_of(p);
	t->up = !strcmp(direction, "up");
	t->then_up = !strcmp(direction, "both");
	t->streams = 0;
	t->busy = 0;
	t->status = t->fetch_err = 0;
	t->to.ss_family = 0;
	t->iface[0] = t->problem[0] = t->version[0] = 0;
	t->phase = NAME;
	return resolve_start(
		&t->query, probe_world(p)->resolve, t->host, t->family, DNS_NS, resolved, p);
}

static void throughput_cancel(struct probe *p)
{
	struct throughput *t = probe_state(p);

	if (t->phase == LOAD) {
		drain(p, probe_stopped(p) ? probe_stopped(p) : "cancelled");
		emit(p);
	} else if (t->phase == DRAIN) {
		emit(p);
	}
	stop_all(t, probe_loop(p));
	t->phase = IDLE;
	probe_done(p, -ECANCELED);
}

const struct probe_type throughput_probe = {
	.name = "throughput",
	.needs = PROBE_EXCLUSIVE | PROBE_CAPPED,
	.accept = throughput_settings,
	.state_size = sizeof(struct throughput),
	.open = throughput_open,
	.start = throughput_start,
	.cancel = throughput_cancel,
	.most_bytes = throughput_most_bytes,
};
