/* SPDX-License-Identifier: Apache-2.0 */
/* The device itself: what its sensors say, and the record of it. */
#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include "budget.h"
#include "journal.h"
#include "power.h"

/* --- health_read.c: files of sysfs and proc --------------------------------------------------------- */
struct health_readings {   /* integers -1, reals NAN, texts "": unknown */
	int64_t at_ns;     /* clock_mono(); 0: never read */
	int64_t took_ns;   /* how long the files kept us waiting */
	int on_battery;    /* 1, 0 */
	double share;      /* of the batteries, 0..1 */
	double volts;      /* of the weakest battery */
	int under_voltage; /* 1, 0: the supply says that it is too low now */
	int critical;      /* 1, 0: on battery, and it says that it is nearly empty */
	double temperature_c;
	char throttled
		[32]; /* "" not, or unknown; "voltage", "frequency", "heat" with blanks between */
	int64_t memory_free, rss, disk_free;
	double load;
	char kernel[64], os[48];
};

/* May block: a fuel gauge behind a slow bus answers when it likes.  root: "" or a folder that stands for "/";
 * folder: of the state, whose disk is meant.  fast: only what warns of a failing supply, the rest of out stays. */
void health_read(struct health_readings *out, const char *root, const char *folder, bool fast);
void health_readings_clear(struct health_readings *r); /* all unknown */
/* What the hardware says of the last reset: "brown_out", "overheat", "watchdog"; NULL nothing. */
const char *health_reset(const char *root);

/* --- health_mark.c: a word to the next boot ----------------------------------------------------------- */
/* Writes `power` in folder, durably: the voltage was too low, or the battery nearly empty, at mono_ns. */
int health_mark(const char *folder, const uint8_t boot[16], int64_t mono_ns) MUST_CHECK;
/* Why the boot before ended without a word: "cut", "brown_out", "overheat", "watchdog"; NULL: it did not.  Takes a mark of an
 * earlier boot away. */
const char *health_power_cause(const struct journal_past *past, const char *folder,
	const uint8_t boot[16], const char *reset);

/* --- health_watch.c: readings in the background ----------------------------------------------------------- */
struct health_watch;
struct loop;
struct health_watch_options {
	struct loop *loop;
	const char *root, *folder; /* live as long as the watch */
	uint8_t boot[16];
	int64_t warn_ns;  /* between two looks at what warns of a failing supply */
	int64_t every_ns; /* between two whole readings */
	/* The supply fails: voltage too low, or on battery and nearly empty.  Told once, and again after it was
	 * well for a minute.  The mark is on the medium already. */
	void (*failing)(void *arg);
	void *arg;
};
/* A reading never runs on the loop: a thread makes it, one at a time, and ends.  One that takes long makes the
 * next wait twenty times as long.  The first begins at once. */
int health_watch_new(struct health_watch **out, const struct health_watch_options *o) MUST_CHECK;
void health_watch_free(
	struct health_watch *w); /* waits at most a second for a reading; NULL is fine */
const struct health_readings *health_watch_last(const struct health_watch *w);

/* --- health.c ---------------------------------------------------------------------------------------------- */
struct health_facts {
	const struct journal_past *past;
	const struct journal_stats *journal;
	const struct budget *budget;
	const struct health_readings *readings;
	const char *modem, *firmware, *sim; /* or NULL */
	const char *reset;                  /* of health_reset() */
	const char *version;
	double cpu_share; /* of one core since the last health record; NAN unknown */
	uint64_t skipped; /* since the last health record */
	bool first;       /* since the agent started */
};

void health_record(struct record *r, const struct health_facts *f);
const char *health_boot_reason(
	const struct journal_past *past); /* clean power_lost crash unknown */

#endif
