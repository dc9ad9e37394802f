/* SPDX-License-Identifier: Apache-2.0 */
/* Fixes from a receiver, on the loop: from gpsd ("gpsd://127.0.0.1:2947", a device behind it as
 * "gpsd://127.0.0.1:2947/dev/ttyUSB1") or from a tty that speaks NMEA 0183 ("/dev/ttyUSB1", "/dev/ttyS0@38400"; 9600
 * baud unless told).  A source that is not there, goes away or falls silent is tried again, at pauses that double from
 * 1 s to 1 min. */
#ifndef AGENT_GNSS_H
#define AGENT_GNSS_H

#include "gnss_fix.h"
#include "../probes/core/loop.h"

struct gnss;

/* told() comes from the loop for each word about a fix or its absence; its argument dies when it returns.  source is
 * one that gnss_source_check() takes. */
int gnss_open(struct gnss **out, struct loop *l, const char *source,
	void (*told)(void *arg, const struct gnss_fix *f), void *arg, struct why *why) MUST_CHECK;
void gnss_close(struct gnss *g); /* NULL is fine */
/* Why nothing comes: "" while something does. */
const char *gnss_problem(const struct gnss *g);

/* -EINVAL and a sentence for what is neither form.  gpsd is named by address or as localhost. */
int gnss_source_check(const char *source, struct why *why) MUST_CHECK;

/* gnss_gpsd.c: one line of gpsd_json(5).  SKY is kept in s for the TPV that follows. */
struct gnss_sky {
	double hdop;
	int used; /* -1 unknown */
	int64_t mono_ns;
};
/* True: it was a TPV, and f is what it tells. */
bool gnss_gpsd_line(
	struct gnss_fix *f, struct gnss_sky *s, const char *line, size_t n, int64_t mono_ns);

#endif
