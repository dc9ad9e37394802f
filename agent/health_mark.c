/* SPDX-License-Identifier: Apache-2.0 */
/* A small file that outlives the power: the newest moment at which the supply was failing. */
#include "health.h"
#include "../probes/core/file.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "power"
/* So long before the last sign of life the supply was seen failing: longer than the mark is renewed, and than
 * records are gathered on the way to the medium. */
#define NEAR_NS (15 * 60 * NS_PER_S)

struct mark {
	uint8_t boot[16];
	int64_t mono_ns;
};

static void path_of(char out[PATH_MAX], const char *folder, const char *name)
{
	snprintf(out, PATH_MAX, "%s/%s", folder, name);
}

static void hex_of(char out[33], const uint8_t boot[16])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", boot[i]);
}

int health_mark(const char *folder, const uint8_t boot[16], int64_t mono_ns)
{
	char path[PATH_MAX], text[80], id[33];
	int n;

	path_of(path, folder, NAME);
	hex_of(id, boot);
	n = snprintf(text, sizeof(text), "failing %s %" PRId64 "\n", id, mono_ns);
	return file_replace(path, text, (size_t)n, 0600);
}

/* False: none, or what is there is no mark. */
static bool read_mark(const char *folder, struct mark *out)
{
	char path[PATH_MAX], text[80] = "", id[33] = "";
	unsigned byte;
	size_t n;
	FILE *f;

	path_of(path, folder, NAME);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	if (sscanf(text, "failing %32[0-9a-f] %" SCNd64, id, &out->mono_ns) != 2 ||
		strlen(id) != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		(void)!sscanf(id + 2 * i, "%2x", &byte);
		out->boot[i] = (uint8_t)byte;
	}
	return true;
}

/* The journal knows the last moment of the boot before, the mark the last at which its supply was failing.  Later marks of it
 * than records are as good: the mark was quicker to the medium. */
const char *health_power_cause(const struct journal_past *past, const char *folder,
	const uint8_t boot[16], const char *reset)
{
	bool lost = past->any && !past->same_boot && !past->clean, failing = false;
	char path[PATH_MAX];
	struct mark m;

	if (read_mark(folder, &m) && memcmp(m.boot, boot, sizeof(m.boot)) != 0) {
		failing = m.mono_ns >= past->last_mono_ns - NEAR_NS;
		path_of(path, folder, NAME);
		(void)!unlink(path);
	}
	if (!lost)
		return NULL;
	if (failing)
		return "brown_out";
	return reset ? reset : "cut";
}
