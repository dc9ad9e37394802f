/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_LATER_NS (60 * NS_PER_S) /* a busy line is asked again after this */
#define WAIT_TURN_NS   (NS_PER_S / 2)  /* the link or the modem is somebody's: look again */
#define BACKOFF_MAX_NS (600 * NS_PER_S)
#define AT_FULL_RATE   10 /* failures in a row before the interval is stretched */
#define DOUBLED_MOST   4
#define JITTER_SHARE   20 /* of the interval: neighbours with one id prefix must not march in step */
#define TESTS_MAX      64

struct test {
	struct schedule *schedule;
	struct probe *probe;
	struct loop_timer timer;
	int64_t interval_ns, limit_ns, phase_ns;
	int64_t due_ns;
	unsigned failures; /* in a row */
	unsigned tries;    /* put off for a busy line */
	struct schedule_counts counts;
	int last_err;
	struct complaint complaint;
};

struct schedule {
	struct probe_world *world;
	struct schedule_owner owner;
	int64_t start_delay_ns;
	uint64_t random;
	size_t count;
	struct test tests[TESTS_MAX];
};

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

static int64_t jitter(struct schedule *s, int64_t interval_ns)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int64_t)((s->random >> 33) % (uint64_t)(interval_ns / JITTER_SHARE + 1));
}

static void plan_next(struct test *t)
{
	struct schedule *s = t->schedule;
	int64_t now = loop_now(s->world->loop),
		step = schedule_backoff(t->interval_ns, t->failures);
	int64_t from = t->due_ns > now ? t->due_ns : now;

	t->tries = 0;
	/* half an interval ahead at least, so that the jitter of the run before does not make two of one */
	t->due_ns = schedule_due(from + step - t->interval_ns / 2, t->interval_ns, t->phase_ns) +
	            jitter(s, t->interval_ns);
	loop_timer_at(s->world->loop, &t->timer, t->due_ns);
}

static bool must_wait(const struct schedule *s, const struct test *t)
{
	unsigned own = probe_type_of(t->probe)->needs;

	for (size_t i = 0; i < s->count; i++) {
		unsigned other;

		if (&s->tests[i] == t || !probe_running(s->tests[i].probe))
			continue;
		other = probe_type_of(s->tests[i].probe)->needs;
		if ((own & other) & PROBE_MODEM)
			return true;
		if ((own & PROBE_EXCLUSIVE) && !(other & PROBE_LOADED))
			return true;
		if ((other & PROBE_EXCLUSIVE) && !(own & PROBE_LOADED))
			return true;
	}
	return false;
}

static void run(struct test *t)
{
	struct schedule *s = t->schedule;
	int err;

	t->counts.invocations++;
	err = probe_start(t->probe, t->limit_ns);
	if (!err)
		return; /* on_done() follows */
	t->counts.failures++;
	t->failures++;
	t->last_err = err;
	if (s->owner.ran)
		s->owner.ran(s->owner.arg, t->probe, err);
	plan_next(t);
}

static void due(struct loop_timer *timer)
{
	struct test *t = container_of(timer, struct test, timer);
	struct schedule *s = t->schedule;
	enum schedule_verdict may;

	if (must_wait(s, t)) {
		if (loop_now(s->world->loop) - t->due_ns > t->interval_ns) {
			t->counts.overlaps++;
			plan_next(t);
		} else {
			loop_timer_in(s->world->loop, timer, WAIT_TURN_NS);
		}
		return;
	}
	may = s->owner.may ? s->owner.may(s->owner.arg, t->probe, t->tries) : SCHEDULE_GO;
	if (may == SCHEDULE_GO) {
		run(t);
	} else if (may == SCHEDULE_LATER) {
		t->tries++;
		loop_timer_in(s->world->loop, timer, RETRY_LATER_NS);
	} else {
		t->counts.suppressions += may == SCHEDULE_SKIP;
		plan_next(t);
	}
}

static struct test *test_of(struct schedule *s, const struct probe *p)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->tests[i].probe == p)
			return &s->tests[i];
	return NULL;
}

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	struct schedule *s = arg;

	s->owner.record(s->owner.arg, p, r);
}

static void on_done(void *arg, struct probe *p, int err)
{
	struct schedule *s = arg;
	struct test *t = test_of(s, p);

	if (!t)
		return;
	t->last_err = err;
	if (err) {
		t->failures++;
		t->counts.failures++;
		log_complain(&t->complaint, clock_loop(), "schedule", "%s: %s", probe_name(p),
			strerror(-err));
	} else {
		if (t->failures)
			log_recovered(&t->complaint, "schedule", probe_name(p));
		t->failures = 0;
	}
	if (s->owner.ran)
		s->owner.ran(s->owner.arg, p, err);
	plan_next(t);
}

int schedule_new(struct schedule **out, struct probe_world *w, int64_t start_delay_ns,
	struct schedule_owner owner)
{
	struct schedule *s = mem_new(sizeof(*s));

	s->world = w;
	s->owner = owner;
	s->start_delay_ns = start_delay_ns;
	*out = s;
	return 0;
}

int schedule_add(struct schedule *s, const struct probe_type *type, const char *name,
	const struct settings *settings, int64_t interval_ns, int64_t limit_ns, struct why *why)
{
	struct probe_owner owner = { on_record, on_done, s };
	struct test *t = &s->tests[s->count];
	int err;

	if (s->count == TESTS_MAX)
		return why_say(why, -E2BIG, "more than %d tests", TESTS_MAX);
	err = probe_new(&t->probe, type, name, settings, s->world, owner, why);
	if (err)
		return err;
	t->schedule = s;
	t->timer.fire = due;
	t->interval_ns = interval_ns;
	t->limit_ns = limit_ns;
	s->count++;
	return 0;
}

void schedule_start(struct schedule *s, const uint8_t id[16])
{
	int64_t now = loop_now(s->world->loop);

	s->random = hash(id, "jitter") ^ (uint64_t)clock_wall();
	for (size_t i = 0; i < s->count; i++) {
		struct test *t = &s->tests[i];
		/* the first run soon after start, spread over at most a minute: a technician waits for it */
		int64_t spread = t->interval_ns < 60 * NS_PER_S ? t->interval_ns : 60 * NS_PER_S;

		t->phase_ns = schedule_phase(id, probe_name(t->probe), t->interval_ns);
		if (probe_type_of(t->probe)->needs & PROBE_EXCLUSIVE)
			t->due_ns =
				schedule_due(now + s->start_delay_ns, t->interval_ns, t->phase_ns);
		else
			t->due_ns = now + s->start_delay_ns + t->phase_ns % spread;
		loop_timer_at(s->world->loop, &t->timer, t->due_ns);
	}
}

int schedule_run_now(struct schedule *s, const char *name, struct why *why)
{
	for (size_t i = 0; i < s->count; i++) {
		struct test *t = &s->tests[i];

		if (strcmp(probe_name(t->probe), name))
			continue;
		if (probe_running(t->probe))
			return why_say(why, -EBUSY, "%s is running", name);
		t->tries = 0;
		t->due_ns = loop_now(s->world->loop);
		loop_timer_at(s->world->loop, &t->timer, t->due_ns);
		return 0;
	}
	return why_say(why, -ENOENT, "there is no test \"%s\"", name);
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		loop_timer_stop(s->world->loop, &s->tests[i].timer);
		probe_free(s->tests[i].probe);
	}
	free(s);
}

size_t schedule_count(const struct schedule *s)
{
	return s->count;
}

void schedule_entry(const struct schedule *s, size_t i, struct schedule_entry *out)
{
	const struct test *t = &s->tests[i];

	*out = (struct schedule_entry){ .name = probe_name(t->probe),
		.kind = probe_type_of(t->probe)->name,
		.interval_ns = t->interval_ns,
		.next_ns = t->due_ns,
		.running = probe_running(t->probe),
		.counts = t->counts,
		.last_err = t->last_err };
}

bool schedule_busy(const struct schedule *s)
{
	for (size_t i = 0; s && i < s->count; i++)
		if (probe_running(s->tests[i].probe))
			return true;
	return false;
}

uint64_t schedule_skipped(const struct schedule *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->tests[i].counts.suppressions + s->tests[i].counts.overlaps;
	return n;
}
