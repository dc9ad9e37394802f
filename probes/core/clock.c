/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"
#include "loop.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define DAY_NS (86400 * NS_PER_S)
/* A clock left alone: crystals of small boards stay within 100 ppm over their temperature range. */
#define DRIFT_PPM   100
#define DRIFT_SHARE (1000000 / DRIFT_PPM)
/* The kernel gives up being synchronised at 16 s (NTP_PHASE_LIMIT in its ntp.c). */
#define ERROR_MOST_US 16000000

const char *const clock_source_name[CLOCK_SOURCES] = {
	[CLOCK_NONE] = "none",
	[CLOCK_NTP] = "ntp",
	[CLOCK_GNSS] = "gnss",
	[CLOCK_NETWORK] = "network",
	[CLOCK_MQTT] = "mqtt",
	[CLOCK_HTTP] = "http",
	[CLOCK_MANUAL] = "manual",
};

/* Time is one for the whole process, and every record asks for it: the one shared state here. */
static struct {
	pthread_mutex_t lock;
	enum clock_source source; /* told; CLOCK_NONE: nothing yet */
	int64_t utc_ns, mono_ns, error_us;
	/* when the kernel was last seen synchronised, 0 never, and what it said then */
	int64_t kernel_mono_ns, kernel_utc_ns, kernel_error_us;
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t now_of(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_mono(void)
{
	return now_of(CLOCK_BOOTTIME);
}

int64_t clock_loop(void)
{
	return now_of(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	return now_of(CLOCK_REALTIME);
}

bool clock_plausible(int64_t utc_ns)
{
	return utc_ns >= 1704067200 * NS_PER_S && utc_ns < 2840140800 * NS_PER_S;
}

/* ntpd and chrony fill in esterror; systemd-timesyncd leaves it 0 and only the bound grows. */
static int64_t kernel_error(const struct clock_kernel *k)
{
	if (k->esterror > 0 && k->esterror < ERROR_MOST_US)
		return k->esterror;
	return k->maxerror > 0 && k->maxerror < ERROR_MOST_US ? k->maxerror : -1;
}

/* A time that was trusted, run on with the boot clock. */
static struct clock_state run_on(
	enum clock_source source, int64_t utc_ns, int64_t error_us, int64_t age_ns)
{
	struct clock_state s = { source, utc_ns + age_ns, error_us, 0 };

	if (age_ns > 0)
		s.sync_age_s = age_ns / NS_PER_S;
	if (error_us >= 0)
		s.error_us += s.sync_age_s * DRIFT_PPM;
	return s;
}

/* Nobody vouches for the wall clock now.  Left alone it stays near what the kernel said when it was
 * synchronised; elsewhere somebody has set it. */
static struct clock_state unvouched(const struct clock_kernel *k)
{
	struct clock_state s = { CLOCK_NONE, UTC_UNKNOWN, -1, -1 };
	int64_t age = k->mono_ns - known.kernel_mono_ns;

	if (known.kernel_mono_ns) {
		s = run_on(CLOCK_NTP, known.kernel_utc_ns, known.kernel_error_us, age);
		if (llabs(k->wall_ns - s.utc_ns) > NS_PER_S + age / DRIFT_SHARE)
			return s;
	}
	if (!clock_plausible(k->wall_ns))
		return (struct clock_state){ CLOCK_NONE, UTC_UNKNOWN, -1, -1 };
	return (struct clock_state){ CLOCK_MANUAL, k->wall_ns, -1,
		known.kernel_mono_ns ? age / NS_PER_S : -1 };
}

void clock_judge(struct clock_state *out, const struct clock_kernel *k)
{
	pthread_mutex_lock(&known.lock);
	if (k->synced && clock_plausible(k->wall_ns)) {
		known.kernel_mono_ns = k->mono_ns;
		known.kernel_utc_ns = k->wall_ns;
		known.kernel_error_us = kernel_error(k);
		*out = (struct clock_state){ CLOCK_NTP, k->wall_ns, known.kernel_error_us, 0 };
	} else if (known.source != CLOCK_NONE) {
		*out = run_on(
			known.source, known.utc_ns, known.error_us, k->mono_ns - known.mono_ns);
	} else {
		*out = unvouched(k);
	}
	pthread_mutex_unlock(&known.lock);
}

void clock_read(struct clock_state *out)
{
	struct timex t = { 0 };
	struct clock_kernel k = { 0 };

	/* adjtimex() also returns TIME_ERROR for a lost PPS signal: the flag alone says what counts */
	if (adjtimex(&t) >= 0) {
		k.synced = !(t.status & STA_UNSYNC);
		k.esterror = t.esterror;
		k.maxerror = t.maxerror;
	}
	k.mono_ns = clock_mono();
	k.wall_ns = clock_wall();
	clock_judge(out, &k);
}

void clock_told(enum clock_source source, int64_t utc_ns, int64_t mono_ns, int64_t error_us)
{
	bool better;

	if (source <= CLOCK_NONE || source >= CLOCK_SOURCES || !clock_plausible(utc_ns))
		return;
	pthread_mutex_lock(&known.lock);
	better = known.source == CLOCK_NONE || source <= known.source ||
	         mono_ns - known.mono_ns > DAY_NS;
	if (better) {
		known.source = source;
		known.utc_ns = utc_ns;
		known.mono_ns = mono_ns;
		known.error_us = error_us < 0 ? -1 : error_us;
	}
	pthread_mutex_unlock(&known.lock);
}

void clock_forget(void)
{
	pthread_mutex_lock(&known.lock);
	known.source = CLOCK_NONE;
	known.kernel_mono_ns = 0;
	pthread_mutex_unlock(&known.lock);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int clock_boot_id(uint8_t out[16], const char *file)
{
	uint8_t id[16];
	char text[64];
	size_t digits = 0;
	ssize_t n;
	int fd = open(file ? file : "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return -EIO;
	for (ssize_t i = 0; i < n && text[i] != '\n'; i++) {
		int v = hex(text[i]);

		if (text[i] == '-')
			continue;
		if (v < 0 || digits == 32)
			return -EBADMSG;
		id[digits / 2] = digits % 2 ? (uint8_t)(id[digits / 2] << 4 | v) : (uint8_t)v;
		digits++;
	}
	if (digits != 32)
		return -EBADMSG;
	memcpy(out, id, sizeof(id));
	return 0;
}

/* --- steps ------------------------------------------------------------------------------------------ */

struct clock_watch {
	struct loop *loop;
	struct loop_fd fd;
	int64_t offset; /* wall minus mono when last looked at */
	void (*stepped)(void *arg, int64_t by_ns);
	void *arg;
};

static int watch_arm(struct clock_watch *w)
{
	/* so far away that only the cancellation matters; the kernel counts 2^63 ns */
	const struct itimerspec at = {
		.it_value.tv_sec = (time_t)(sizeof(time_t) > 4 ? 8000000000 : INT32_MAX)
	};

	w->offset = clock_wall() - clock_mono();
	return timerfd_settime(w->fd.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL)
	               ? -errno
	               : 0;
}

static void watch_ready(struct loop_fd *f, uint32_t events)
{
	struct clock_watch *w = container_of(f, struct clock_watch, fd);
	int64_t before = w->offset;
	uint64_t count;

	(void)events;
	if (read(f->fd, &count, sizeof(count)) < 0 && errno != ECANCELED)
		return;
	if (watch_arm(w))
		loop_fd_del(w->loop, f);
	w->stepped(w->arg, w->offset - before);
}

int clock_watch_new(struct clock_watch **out, struct loop *l,
	void (*stepped)(void *arg, int64_t by_ns), void *arg)
{
	struct clock_watch *w = mem_new(sizeof(*w));
	int err;

	*w = (struct clock_watch){ .loop = l, .stepped = stepped, .arg = arg };
	w->fd.ready = watch_ready;
	w->fd.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	err = w->fd.fd < 0 ? -errno : watch_arm(w);
	if (!err)
		err = loop_fd_add(l, &w->fd, EPOLLIN);
	if (err) {
		clock_watch_free(w);
		return err;
	}
	*out = w;
	return 0;
}

void clock_watch_free(struct clock_watch *w)
{
	if (!w)
		return;
	loop_fd_del(w->loop, &w->fd);
	if (w->fd.fd >= 0)
		close(w->fd.fd);
	free(w);
}

/* --- text: by our own calendar, for the C library's ends in 2038 where time_t has 32 bits --------------- */

/* Day 0 is 1970-01-01.  Years are counted from March, so that a leap day is the last of its year; 400 years
 * of the Gregorian calendar have 146097 days. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5) + 1;
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400) + (*month <= 2);
}

/* The quotient towards minus infinity. */
static int64_t floor_of(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

char *clock_text(int64_t utc_ns, char out[CLOCK_TEXT])
{
	int64_t ms = floor_of(utc_ns, NS_PER_MS), days = floor_of(ms, 86400000);
	unsigned in_day = (unsigned)(ms - days * 86400000);
	int year, month, day;

	out[0] = 0;
	if (utc_ns == UTC_UNKNOWN)
		return out;
	date_of(days, &year, &month, &day);
	snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000,
		(unsigned)month % 100, (unsigned)day % 100, in_day / 3600000 % 100,
		in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
	return out;
}

/* n digits between least and most, or -1. */
static int number(const char **at, int n, int least, int most)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		v = v * 10 + (**at - '0');
	}
	return v < least || v > most ? -1 : v;
}

static bool eat(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static int parse_date(const char **at, int64_t *days)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;
	bool leap;

	year = number(at, 4, 1970, 2199); /* what 64 bits of nanoseconds hold, with room */
	if (year < 0 || !eat(at, '-'))
		return -EINVAL;
	month = number(at, 2, 1, 12);
	if (month < 0 || !eat(at, '-'))
		return -EINVAL;
	leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	day = number(at, 2, 1, lengths[month - 1] + (month == 2 && leap));
	if (day < 0)
		return -EINVAL;
	*days = days_of(year, month, day);
	return 0;
}

static int parse_time(const char **at, int64_t *seconds, int64_t *frac)
{
	int64_t unit = NS_PER_S / 10;
	int hour, minute, second;

	*frac = 0;
	hour = number(at, 2, 0, 23);
	if (hour < 0 || !eat(at, ':'))
		return -EINVAL;
	minute = number(at, 2, 0, 59);
	if (minute < 0 || !eat(at, ':'))
		return -EINVAL;
	second = number(at, 2, 0, 60); /* RFC 3339 5.7: 60 is a leap second */
	if (second < 0)
		return -EINVAL;
	*seconds = hour * 3600 + minute * 60 + second;
	if (!eat(at, '.'))
		return 0;
	if (**at < '0' || **at > '9')
		return -EINVAL;
	for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
		*frac += (**at - '0') * unit;
	return 0;
}

/* "Z" or "+07:00", in seconds */
static int parse_zone(const char **at, int *offset)
{
	bool west = **at == '-';
	int hours, minutes;

	*offset = 0;
	if (eat(at, 'Z') || eat(at, 'z'))
		return 0;
	if (!eat(at, '+') && !eat(at, '-'))
		return -EINVAL;
	hours = number(at, 2, 0, 23);
	if (hours < 0 || !eat(at, ':'))
		return -EINVAL;
	minutes = number(at, 2, 0, 59);
	if (minutes < 0)
		return -EINVAL;
	*offset = (hours * 60 + minutes) * (west ? -60 : 60);
	return 0;
}

int clock_parse(const char *text, int64_t *utc_ns)
{
	int64_t days, seconds, frac;
	int offset;

	if (parse_date(&text, &days) || (!eat(&text, 'T') && !eat(&text, 't') && !eat(&text, ' ')))
		return -EINVAL;
	if (parse_time(&text, &seconds, &frac) || parse_zone(&text, &offset) || *text)
		return -EINVAL;
	*utc_ns = (days * 86400 + seconds - offset) * NS_PER_S + frac;
	return 0;
}
