/* SPDX-License-Identifier: Apache-2.0 */
/* linkemu: a link between two network namespaces that does to packets what it is told, and writes down
 * what it did: the truth that measurements are judged by.
 *
 *   linkemu a=NETNS:DEV b=NETNS:DEV log=FILE [seed=N] [[up.|down.]KEY=VALUE ...]
 *
 * Makes a TUN device in each namespace; "up" is from a to b, without a prefix both directions are
 * meant.  Says "ready" when the devices exist.  Lines of KEY=VALUE on stdin change the link while it
 * runs, an empty one only flushes the log; each is answered with "ok".  The end of stdin ends it.
 *
 *   delay_ms jitter_ms   fixed, plus uniform 0 .. jitter; order is kept
 *   loss dup reorder     percent of packets; a reordered one waits reorder_ms more and may be overtaken
 *   rate_kbit queue_kb   serialisation, and what waits for it at most (tail drop)
 *   down                 1: an outage from now on, 0: its end
 *
 * The log is CSV, a line for each packet and copy; times are CLOCK_REALTIME ns. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX   2048
#define HEAP_MAX     65536
#define SPIN_NS      80000LL
#define READ_AT_ONCE 64
#define IDLE_NS      100000000LL /* the log is flushed when nothing happened for so long */

enum { UP, DOWN, DIRECTIONS };
static const char *const direction_name[DIRECTIONS] = { "up", "down" };

struct shape {
	double delay_ms, jitter_ms, loss, dup, reorder, reorder_ms, rate_kbit, queue_kb, down;
};

static const struct {
	const char *name;
	size_t at;
} keys[] = {
	{ "delay_ms", offsetof(struct shape, delay_ms) },
	{ "jitter_ms", offsetof(struct shape, jitter_ms) },
	{ "loss", offsetof(struct shape, loss) },
	{ "dup", offsetof(struct shape, dup) },
	{ "reorder", offsetof(struct shape, reorder) },
	{ "reorder_ms", offsetof(struct shape, reorder_ms) },
	{ "rate_kbit", offsetof(struct shape, rate_kbit) },
	{ "queue_kb", offsetof(struct shape, queue_kb) },
	{ "down", offsetof(struct shape, down) },
};

struct direction {
	struct shape shape;
	int from, to;
	int64_t free_ns;     /* when the line has sent all it was given */
	int64_t last_out_ns; /* order is kept behind this */
	uint64_t packets, random;
};

struct packet {
	int64_t due_ns, in_ns;
	uint64_t order, number;
	int which;
	bool copy;
	size_t n;
	uint8_t bytes[PACKET_MAX];
};

struct link {
	struct direction d[DIRECTIONS];
	struct packet *heap[HEAP_MAX], *spare;
	size_t waiting;
	uint64_t order;
	FILE *log;
	int64_t wall_offset;
	char line[512];
	size_t line_len;
	bool over;
};

static int64_t now_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Each direction has its own stream of random numbers, so that what happens to a packet depends on the
 * seed and on its number only. */
static double draw(struct direction *d)
{
	d->random ^= d->random >> 12;
	d->random ^= d->random << 25;
	d->random ^= d->random >> 27;
	return (double)((d->random * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static bool earlier(const struct packet *a, const struct packet *b)
{
	return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

static void heap_put(struct link *l, struct packet *p)
{
	size_t i = l->waiting++;

	while (i > 0 && earlier(p, l->heap[(i - 1) / 2])) {
		l->heap[i] = l->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->heap[i] = p;
}

static struct packet *heap_take(struct link *l)
{
	struct packet *first = l->heap[0], *last = l->heap[--l->waiting];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < l->waiting) {
		if (child + 1 < l->waiting && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (!earlier(l->heap[child], last))
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = last;
	return first;
}

struct seen { /* what the log tells of a packet */
	int family, proto;
	unsigned a, b;         /* ports; ICMP: type and id */
	uint32_t tag, far_tag; /* UDP payload at 0 and 24 (STAMP: sequence numbers); ICMP: seq */
};

static uint32_t word_at(const uint8_t *bytes, size_t n, size_t at)
{
	uint32_t v = 0;

	if (at + 4 <= n)
		memcpy(&v, bytes + at, 4);
	return ntohl(v);
}

static struct seen look(const uint8_t *p, size_t n)
{
	struct seen s = { 0 };
	size_t head;

	if (n < 20)
		return s;
	s.family = p[0] >> 4;
	head = s.family == 6 ? 40 : (p[0] & 15) * 4U;
	s.proto = s.family == 6 ? p[6] : p[9];
	if (s.proto == IPPROTO_ICMP || s.proto == IPPROTO_ICMPV6) {
		s.a = word_at(p, n, head) >> 24;
		s.b = word_at(p, n, head + 4) >> 16;
		s.tag = word_at(p, n, head + 4) & 0xffff;
	} else {
		s.a = word_at(p, n, head) >> 16;
		s.b = word_at(p, n, head) & 0xffff;
	}
	if (s.proto == IPPROTO_UDP) {
		s.tag = word_at(p, n, head + 8);
		s.far_tag = word_at(p, n, head + 8 + 24);
	}
	return s;
}

static void write_log(struct link *l, const struct packet *p, int64_t out_ns, const char *what)
{
	struct seen s = look(p->bytes, p->n);

	fprintf(l->log, "%s,%llu,%lld,%lld,%zu,%d,%d,%u,%u,%u,%u,%s\n", direction_name[p->which],
		(unsigned long long)p->number, (long long)(p->in_ns + l->wall_offset),
		(long long)(out_ns ? out_ns + l->wall_offset : 0), p->n, s.family, s.proto, s.a,
		s.b, s.tag, s.far_tag, what);
}

/* Why this packet does not get through, or NULL. */
static const char *refused(struct link *l, struct direction *d, int64_t in_ns)
{
	const struct shape *s = &d->shape;
	double waiting_bits =
		d->free_ns > in_ns ? (double)(d->free_ns - in_ns) * s->rate_kbit / 1e6 : 0;
	bool lost = draw(d) * 100 < s->loss; /* drawn for every packet: see draw() */

	if (s->down > 0)
		return "outage";
	if (lost)
		return "lost";
	if (s->rate_kbit > 0 && s->queue_kb > 0 && waiting_bits > s->queue_kb * 8000)
		return "queue";
	if (l->waiting + 2 > HEAP_MAX)
		return "emulator";
	return NULL;
}

static int64_t due(struct direction *d, int64_t in_ns, size_t n)
{
	const struct shape *s = &d->shape;
	int64_t out = in_ns;
	double jitter = draw(d), reorder = draw(d);

	if (s->rate_kbit > 0) {
		out = (d->free_ns > in_ns ? d->free_ns : in_ns) +
		      (int64_t)((double)n * 8e6 / s->rate_kbit);
		d->free_ns = out;
	}
	out += (int64_t)((s->delay_ms + jitter * s->jitter_ms) * 1e6);
	if (reorder * 100 < s->reorder)
		return out + (int64_t)(s->reorder_ms * 1e6);
	if (out < d->last_out_ns)
		out = d->last_out_ns;
	d->last_out_ns = out;
	return out;
}

static struct packet *new_packet(struct link *l)
{
	struct packet *p = l->spare ? l->spare : malloc(sizeof(*p));

	l->spare = NULL;
	if (!p)
		exit(1);
	return p;
}

static bool take_one(struct link *l, int which)
{
	struct direction *d = &l->d[which];
	struct packet *p = new_packet(l), *copy;
	ssize_t n = read(d->from, p->bytes, sizeof(p->bytes));
	const char *why;
	bool doubled;

	if (n <= 0) {
		if (l->spare)
			free(p);
		else
			l->spare = p;
		return false;
	}
	p->in_ns = now_ns(CLOCK_MONOTONIC);
	p->n = (size_t)n;
	p->which = which;
	p->copy = false;
	p->number = d->packets++;
	p->order = l->order++;
	why = refused(l, d, p->in_ns);
	p->due_ns = due(d, p->in_ns, why ? 0 : p->n);
	doubled = draw(d) * 100 < d->shape.dup;
	if (why) {
		write_log(l, p, 0, why);
		free(p);
		return true;
	}
	heap_put(l, p);
	if (doubled) {
		copy = new_packet(l);
		memcpy(copy, p, sizeof(*p));
		copy->copy = true;
		copy->order = l->order++;
		heap_put(l, copy);
	}
	return true;
}

static void send_due(struct link *l)
{
	int64_t now;

	while (l->waiting > 0 && l->heap[0]->due_ns <= (now = now_ns(CLOCK_MONOTONIC))) {
		struct packet *p = heap_take(l);
		ssize_t n = write(l->d[p->which].to, p->bytes, p->n);

		write_log(l, p, now, n == (ssize_t)p->n ? p->copy ? "copy" : "sent" : "refused");
		if (l->spare)
			free(p);
		else
			l->spare = p;
	}
}

static bool set_key(struct link *l, const char *word)
{
	bool up = true, down = true;
	const char *equals = strchr(word, '=');

	if (!equals)
		return false;
	if (!strncmp(word, "up.", 3)) {
		down = false;
		word += 3;
	} else if (!strncmp(word, "down.", 5)) {
		up = false;
		word += 5;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].name) != (size_t)(equals - word) ||
			strncmp(word, keys[i].name, (size_t)(equals - word)))
			continue;
		if (up)
			*(double *)(void *)((char *)&l->d[UP].shape + keys[i].at) =
				atof(equals + 1);
		if (down)
			*(double *)(void *)((char *)&l->d[DOWN].shape + keys[i].at) =
				atof(equals + 1);
		return true;
	}
	return false;
}

static void read_orders(struct link *l)
{
	ssize_t n = read(0, l->line + l->line_len, sizeof(l->line) - 1 - l->line_len);
	char *end;

	if (n <= 0) {
		l->over = n == 0 || errno != EAGAIN;
		return;
	}
	l->line_len += (size_t)n;
	l->line[l->line_len] = 0;
	while ((end = strchr(l->line, '\n'))) {
		char *save = NULL;

		*end = 0;
		for (char *w = strtok_r(l->line, " ", &save); w; w = strtok_r(NULL, " ", &save))
			if (!set_key(l, w))
				fprintf(stderr, "linkemu: %s is unknown\n", w);
		l->line_len -= (size_t)(end + 1 - l->line);
		memmove(l->line, end + 1, l->line_len + 1);
	}
	fflush(l->log);
	puts("ok");
	fflush(stdout);
}

/* Waits in poll() until shortly before something is due, and looks at the clock for the rest. */
static void run(struct link *l)
{
	struct pollfd p[] = { { l->d[UP].from, POLLIN, 0 }, { l->d[DOWN].from, POLLIN, 0 },
		{ 0, POLLIN, 0 } };

	while (!l->over) {
		int64_t wait = l->waiting ? l->heap[0]->due_ns - now_ns(CLOCK_MONOTONIC) - SPIN_NS
		                          : IDLE_NS;
		struct timespec t = { wait / 1000000000, wait % 1000000000 };
		int ready;

		if (wait <= 0)
			t = (struct timespec){ 0 };
		ready = ppoll(p, 3, &t, NULL);
		if (ready == 0 && wait > IDLE_NS / 2)
			fflush(l->log);
		for (int which = UP; ready > 0 && which <= DOWN; which++)
			for (int i = 0; p[which].revents && i < READ_AT_ONCE && take_one(l, which);
				i++)
				;
		if (ready > 0 && p[2].revents)
			read_orders(l);
		send_due(l);
	}
}

static int make_tun(const char *where)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[128];
	const char *colon = strchr(where, ':');
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd = -1;

	if (!colon || home < 0)
		return -1;
	snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(colon - where), where);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", colon + 1);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (there >= 0 && !setns(there, CLONE_NEWNET)) {
		fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, TUNSETIFF, &r)) {
			close(fd);
			fd = -1;
		}
		if (setns(home, CLONE_NEWNET)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		fprintf(stderr, "linkemu: %s: %s\n", where, strerror(errno));
	if (there >= 0)
		close(there);
	close(home);
	return fd;
}

/* Without these it works, less punctually. */
static void be_punctual(void)
{
	struct sched_param first = { .sched_priority = 10 };

	sched_setscheduler(0, SCHED_FIFO, &first);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	prctl(PR_SET_TIMERSLACK, 1);
}

static int read_words(struct link *l, int argc, char **argv)
{
	uint64_t seed = 1;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "a=", 2))
			l->d[UP].from = l->d[DOWN].to = make_tun(argv[i] + 2);
		else if (!strncmp(argv[i], "b=", 2))
			l->d[DOWN].from = l->d[UP].to = make_tun(argv[i] + 2);
		else if (!strncmp(argv[i], "log=", 4))
			l->log = fopen(argv[i] + 4, "we");
		else if (!strncmp(argv[i], "seed=", 5))
			seed = strtoull(argv[i] + 5, NULL, 10);
		else if (!set_key(l, argv[i])) {
			fprintf(stderr, "linkemu: %s is unknown\n", argv[i]);
			return 2;
		}
	}
	if (l->d[UP].from < 0 || l->d[DOWN].from < 0 || !l->log) {
		fprintf(stderr, "linkemu: a=NETNS:DEV b=NETNS:DEV log=FILE are needed\n");
		return 2;
	}
	for (int which = UP; which <= DOWN; which++) {
		l->d[which].random = (seed * 2 + (uint64_t)which + 1) * 0x9e3779b97f4a7c15ULL;
		for (int i = 0; i < 16; i++)
			draw(&l->d[which]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct link *l = calloc(1, sizeof(*l));
	int status;

	if (!l)
		return 1;
	l->d[UP].from = l->d[DOWN].from = -1;
	status = read_words(l, argc, argv);
	if (status)
		return status;
	l->wall_offset = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	fprintf(l->log, "dir,n,in_ns,out_ns,bytes,family,proto,a,b,tag,far_tag,what\n");
	be_punctual();
	puts("ready");
	fflush(stdout);
	run(l);
	fclose(l->log);
	while (l->waiting > 0)
		free(heap_take(l));
	free(l->spare);
	free(l);
	return 0;
}
