/* SPDX-License-Identifier: Apache-2.0 */
/* NMEA 0183 sentences of a GNSS receiver to fixes: GGA, RMC, GSA, GST of the talkers GP GN GL GA GB BD.  Total: any
 * bytes give fixes that are in range, or none.  A sentence without its checksum, or with a wrong one, counts as noise. */
#ifndef AGENT_NMEA_H
#define AGENT_NMEA_H

#include "gnss_fix.h"
#include <stddef.h>

#define NMEA_LINE 128 /* the standard says 82; receivers of several systems say more */

struct nmea {
	char line[NMEA_LINE];
	size_t length;
	bool inside;          /* between "$" and the end of the line */
	int64_t line_mono_ns; /* when its "$" came */

	/* the moment that is being told of; GSA has no time and goes with its neighbours */
	struct gnss_fix fix;
	bool gga, rmc, gga_valid, rmc_valid, corrected, estimated;
	uint8_t gsa_mode;
	double gsa_hdop;
	int64_t gsa_mono_ns;

	uint64_t sentences, noise; /* with a good checksum, of any kind; and lines without one */
};

void nmea_begin(struct nmea *n);
/* told() after each sentence that says more about the newest moment; its argument dies when it returns. */
void nmea_feed(struct nmea *n, const char *bytes, size_t len, int64_t mono_ns,
	void (*told)(void *arg, const struct gnss_fix *f), void *arg);

#endif
