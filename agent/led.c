/* SPDX-License-Identifier: Apache-2.0 */
#include "led.h"
#include "../probes/core/child.h"
#include "../probes/core/clock.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM    512
#define WORDS_MOST   32 /* of the command */
#define OUTPUT_MAX   4096
#define TIMEOUT_NS   (10 * NS_PER_S)
#define TRIGGERS_MAX 4096

const char *const led_pattern_name[LED_PATTERNS] = {
	[LED_OFF] = "off",
	[LED_STARTING] = "starting",
	[LED_NO_MODEM] = "no_modem",
	[LED_SIM] = "sim",
	[LED_NO_SIGNAL] = "no_signal",
	[LED_NO_INTERNET] = "no_internet",
	[LED_NO_COLLECTOR] = "no_collector",
	[LED_WAITING] = "waiting",
	[LED_OK] = "ok",
};

/* On and off in ms.  The even ones are at least a factor of two apart, which the eye tells; the short flashes say
 * "alive, and nothing from outside". */
static const unsigned times[LED_PATTERNS][2] = {
	[LED_OFF] = { 0, 1000 },
	[LED_STARTING] = { 50, 50 },
	[LED_NO_MODEM] = { 200, 200 },
	[LED_SIM] = { 150, 850 },
	[LED_NO_SIGNAL] = { 150, 2850 },
	[LED_NO_INTERNET] = { 500, 500 },
	[LED_NO_COLLECTOR] = { 1500, 1500 },
	[LED_WAITING] = { 2700, 300 },
	[LED_OK] = { 1000, 0 },
};

struct led {
	struct loop *loop;
	char path[PATH_ROOM];
	char *words[WORDS_MOST]; /* the command */
	size_t count;
	int64_t timeout_ns;
	enum led_pattern shown, told; /* on the light; and to the command */
	enum access_state state;
	struct child *child;
	struct complaint light, hook;
};

enum led_pattern led_pattern_of(enum access_state state, uint64_t waiting, int64_t unreceipted_s)
{
	switch (state) {
	case STATE_MODEM_ABSENT:
	case STATE_MODEM_HUNG:
		return LED_NO_MODEM;
	case STATE_SIM_MISSING:
	case STATE_SIM_LOCKED:
	case STATE_DENIED: /* the network does not take this SIM */
		return LED_SIM;
	case STATE_NO_SERVICE:
	case STATE_LIMITED_SERVICE:
		return LED_NO_SIGNAL;
	case STATE_ATTACHED_NO_IP:
	case STATE_IP_NO_INTERNET:
	case STATE_CAPTIVE_OR_NO_CREDIT:
		return LED_NO_INTERNET;
	case STATE_COLLECTOR_DOWN:
		return LED_NO_COLLECTOR;
	case STATE_OK:
		return waiting && unreceipted_s > LED_WAITING_S ? LED_WAITING : LED_OK;
	default:
		return LED_STARTING;
	}
}

/* --- the light ----------------------------------------------------------------------------------------- */
static int put(const struct led *led, const char *name, const char *text)
{
	char path[PATH_ROOM + 16];
	size_t n = strlen(text);
	ssize_t w;
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", led->path, name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	w = write(fd, text, n);
	err = w < 0 ? -errno : (size_t)w < n ? -EIO : 0;
	close(fd);
	return err;
}

static int put_number(const struct led *led, const char *name, unsigned v)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", v);
	return put(led, name, text);
}

/* The trigger in force stands in brackets.  Writing it again would take the delays, and the rights that udev gave
 * to their files, away. */
static bool timer_is_on(const struct led *led)
{
	char path[PATH_ROOM + 16], text[TRIGGERS_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/trigger", led->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = 0;
	return strstr(text, "[timer]");
}

/* The kernel takes "0 on, 0 off" for its default of half a second each, so the one that is not 0 goes first
 * (drivers/leds/led-core.c, led_blink_setup()). */
static void light(struct led *led, enum led_pattern p)
{
	unsigned on = times[p][0], off = times[p][1];
	int err = timer_is_on(led) ? 0 : put(led, "trigger", "timer");

	if (!err && on)
		err = put_number(led, "delay_on", on);
	if (!err)
		err = put_number(led, "delay_off", off);
	if (!err && !on)
		err = put_number(led, "delay_on", on);
	if (err)
		log_complain(&led->light, clock_loop(), "led", "%s: %s", led->path, strerror(-err));
	else
		log_recovered(&led->light, "led", led->path);
}

/* --- the command ------------------------------------------------------------------------------------------ */
static void run(struct led *led);

static void ran(void *arg, const struct child_result *r)
{
	struct led *led = arg;

	led->child = NULL;
	if (r->err)
		log_complain(&led->hook, clock_loop(), "led", "%s: %s", led->words[0],
			strerror(-r->err));
	else if (r->exit_status)
		log_complain(&led->hook, clock_loop(), "led", "%s: exit status %d %s",
			led->words[0], r->exit_status, r->errors);
	else
		log_recovered(&led->hook, "led", led->words[0]);
	if (led->told != led->shown)
		run(led); /* what changed meanwhile; only the last of it matters */
}

static void run(struct led *led)
{
	const char *argv[WORDS_MOST + 3];
	int err;

	for (size_t i = 0; i < led->count; i++)
		argv[i] = led->words[i];
	argv[led->count] = led_pattern_name[led->shown];
	argv[led->count + 1] = access_state_name[led->state];
	argv[led->count + 2] = NULL;
	led->told = led->shown;
	err = child_start(&led->child, led->loop, argv, led->timeout_ns, OUTPUT_MAX, ran, led);
	if (err) {
		led->child = NULL;
		log_complain(&led->hook, clock_loop(), "led", "%s: %s", argv[0], strerror(-err));
	}
}

/* --- from outside ------------------------------------------------------------------------------------------- */
void led_new(struct led **out, struct loop *l, const struct led_options *o)
{
	struct led *led = mem_new(sizeof(*led));

	led->loop = l;
	led->timeout_ns = o->timeout_ns ? o->timeout_ns : TIMEOUT_NS;
	if (o->path)
		snprintf(led->path, sizeof(led->path), "%s", o->path);
	for (size_t i = 0; o->command && o->command[i] && led->count < WORDS_MOST; i++)
		led->words[led->count++] = mem_copy(o->command[i]);
	*out = led;
}

void led_show(struct led *led, enum led_pattern p, enum access_state state)
{
	if (!led || p == led->shown || p >= LED_PATTERNS)
		return;
	led->shown = p;
	led->state = state;
	if (*led->path)
		light(led, p);
	if (led->count && !led->child)
		run(led);
}

enum led_pattern led_shown(const struct led *led)
{
	return led ? led->shown : LED_OFF;
}

void led_free(struct led *led)
{
	if (!led)
		return;
	if (led->child)
		child_kill(led->child);
	if (*led->path && led->shown != LED_OFF)
		light(led, LED_OFF);
	for (size_t i = 0; i < led->count; i++)
		free(led->words[i]);
	free(led);
}
