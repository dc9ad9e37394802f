/* SPDX-License-Identifier: Apache-2.0 */
#include "controller.h"
#include "../probes/core/clock.h"
#include "../probes/core/file.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SAVE_NS (3600 * NS_PER_S)

void controller_open(struct controller *c, const char *path, int64_t timeout_ns, int64_t mono_ns)
{
	FILE *f = fopen(path, "re");
	int64_t utc;

	memset(c, 0, sizeof(*c));
	snprintf(c->path, sizeof(c->path), "%s", path);
	c->timeout_ns = timeout_ns;
	c->begun_mono = mono_ns;
	c->receipt_utc = c->saved_utc = UTC_UNKNOWN;
	if (!f)
		return;
	if (fscanf(f, "phusong controller 1 %" SCNd64, &utc) == 1 && clock_plausible(utc))
		c->receipt_utc = c->saved_utc = utc;
	fclose(f);
}

/* A clock that jumped says nothing: a silence of years is measured from the start of this run, too. */
int64_t controller_silent(const struct controller *c, int64_t mono_ns, int64_t utc_ns)
{
	int64_t run = mono_ns - (c->receipt_mono ? c->receipt_mono : c->begun_mono);

	if (!c->receipt_mono && utc_ns != UTC_UNKNOWN && c->receipt_utc != UTC_UNKNOWN &&
		utc_ns - c->receipt_utc > run)
		return utc_ns - c->receipt_utc;
	return run;
}

enum controller_change controller_look(
	struct controller *c, int64_t receipt_mono, int64_t mono_ns, int64_t utc_ns)
{
	bool was = c->lost, heard = receipt_mono > c->receipt_mono;

	if (heard)
		c->receipt_mono = receipt_mono;
	if (c->receipt_mono && utc_ns != UTC_UNKNOWN)
		c->receipt_utc = utc_ns - (mono_ns - c->receipt_mono);
	/* only hearing from it brings it back, no step of a clock */
	c->lost = was ? !heard
	              : c->timeout_ns > 0 && controller_silent(c, mono_ns, utc_ns) > c->timeout_ns;
	return was == c->lost ? CONTROLLER_SAME : c->lost ? CONTROLLER_IS_LOST : CONTROLLER_IS_BACK;
}

int controller_save(struct controller *c)
{
	char text[64];
	int n, err;

	if (!c->receipt_mono || c->receipt_utc == UTC_UNKNOWN ||
		(c->saved_utc != UTC_UNKNOWN && c->receipt_utc - c->saved_utc < SAVE_NS &&
			c->receipt_utc >= c->saved_utc))
		return 0;
	n = snprintf(text, sizeof(text), "phusong controller 1 %" PRId64 "\n", c->receipt_utc);
	err = file_replace(c->path, text, (size_t)n, 0600);
	c->saved_utc = c->receipt_utc;
	return err;
}
