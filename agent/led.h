/* SPDX-License-Identifier: Apache-2.0 */
/* One light that tells a passer-by how the probe is: through the kernel's LED class, whose timer trigger blinks
 * without us, or through a command of the owner's.  Both only when the pattern changes. */
#ifndef AGENT_LED_H
#define AGENT_LED_H

#include "../probes/core/loop.h"
#include "../probes/core/state.h"

enum led_pattern { /* docs/technician.md shows them */
	LED_OFF,   /* not running */
	LED_STARTING,
	LED_NO_MODEM,
	LED_SIM,
	LED_NO_SIGNAL,
	LED_NO_INTERNET,
	LED_NO_COLLECTOR,
	LED_WAITING, /* works, and data has waited for a receipt for long */
	LED_OK,
	LED_PATTERNS
};
/* "off" "starting" "no_modem" "sim" "no_signal" "no_internet" "no_collector" "waiting" "ok" */
extern const char *const led_pattern_name[LED_PATTERNS];

#define LED_WAITING_S 300 /* records wait and no receipt came for so long: LED_WAITING */
enum led_pattern led_pattern_of(enum access_state state, uint64_t waiting, int64_t unreceipted_s);

struct led;

struct led_options {
	const char *path; /* "/sys/class/leds/NAME"; NULL or "": none */
	const char *const *
		command; /* pattern and state are added as two words; NULL ends; NULL or empty: none */
	int64_t timeout_ns; /* of one run of the command; 0: 10 s */
};
/* The light is off until it is told.  o and its texts are copied. */
void led_new(struct led **out, struct loop *l, const struct led_options *o);
void led_free(struct led *led); /* off; a command that runs is killed; NULL is fine */

/* Nothing happens when it is the pattern of before.  While the command runs the newest is kept for after it. */
void led_show(struct led *led, enum led_pattern p, enum access_state state);
enum led_pattern led_shown(const struct led *led); /* NULL: LED_OFF */

#endif
