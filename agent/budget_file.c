/* SPDX-License-Identifier: Apache-2.0 */
#include "budget_file.h"
#include "../probes/core/buf.h"
#include "../probes/core/file.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FILE_BYTES 8192

static void hex(char out[33], const uint8_t bytes[16])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static uint32_t sum_of(const void *bytes, size_t n)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)n);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static void take_boot(struct budget *b, const char *boot)
{
	char is[33] = "";

	hex(is, b->boot);
	b->have_last = !strcmp(is, boot);
}

static bool take_page(
	struct budget *b, bool first, uint64_t sim, int period, uint64_t used, uint32_t turn)
{
	if (period < 0)
		return false;
	if (turn >= b->turn && turn < UINT32_MAX)
		b->turn = turn + 1;
	if (first) {
		b->sim = sim;
		b->period = period;
		b->used = used;
	} else if (b->others < COUNT(b->other)) {
		b->other[b->others++] = (struct budget_page){ sim, period, used, turn };
	}
	return true;
}

static bool take_line(struct budget *b, const char *line, unsigned *pages)
{
	char word[33];
	uint64_t x, y;
	uint32_t turn;
	int period;

	if (sscanf(line, "boot %32s", word) == 1) {
		take_boot(b, word);
		return true;
	}
	if (sscanf(line, "sim %" SCNx64 " %d %" SCNu64 " %" SCNu32, &x, &period, &y, &turn) == 4)
		return take_page(b, !(*pages)++, x, period, y, turn);
	if (sscanf(line, "iface %15s %" SCNu64 " %" SCNu64, word, &x, &y) == 3) {
		if (b->last.n < TRAFFIC_IFACES) {
			memcpy(b->last.at[b->last.n].name, word, 16);
			b->last.at[b->last.n++].moved = (struct traffic){ x, y };
		}
		return true;
	}
	if (sscanf(line, "pledge %" SCNu64, &x) == 1) {
		b->pledge = x;
		return true;
	}
	return false;
}

static int take_second(struct budget *b, char *text, size_t n)
{
	char *sum = strstr(text, "\nsum "), *line, *rest = NULL;
	unsigned pages = 0;

	if (!sum || strtoul(sum + 5, NULL, 16) != sum_of(text, (size_t)(sum + 1 - text)) ||
		strlen(text) != n)
		return -EBADMSG;
	sum[1] = 0;
	(void)strtok_r(text, "\n", &rest);
	while ((line = strtok_r(NULL, "\n", &rest)))
		if (!take_line(b, line, &pages))
			return -EBADMSG;
	return pages ? 0 : -EBADMSG;
}

/* One line, one sum of all interfaces. */
static int take_first(struct budget *b, const char *text)
{
	char boot[33] = "";
	uint64_t used, down, up;
	int period;

	if (sscanf(text, "phusong budget 1 %d %" SCNu64 " %32s %" SCNu64 " %" SCNu64, &period,
		    &used, boot, &down, &up) != 5 ||
		period < 0)
		return -EBADMSG;
	b->period = period;
	b->used = used;
	take_boot(b, boot);
	b->last.n = 1;
	b->last.at[0] = (struct traffic_one){ "all", { down, up } };
	return 0;
}

int budget_read(struct budget *b)
{
	struct budget read = *b;
	struct buf file;
	char *text;
	int err;

	buf_init(&file, FILE_BYTES);
	err = file_read(b->path, &file);
	text = mem_copy(buf_text(&file));
	if (!err && !strncmp(text, "phusong budget 1 ", 17))
		err = take_first(&read, text);
	else if (!err)
		err = strncmp(text, "phusong budget 2\n", 17) ? -EBADMSG
		                                              : take_second(&read, text, file.len);
	free(text);
	buf_done(&file);
	if (err)
		return err;
	/* counters of another boot began at zero: they are no measure for this one's */
	if (!read.have_last)
		read.last.n = 0;
	*b = read;
	return 0;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static void say(struct buf *out, const struct budget *b)
{
	char boot[33];

	hex(boot, b->boot);
	buf_printf(out, "phusong budget 2\nboot %s\n", boot);
	buf_printf(out, "sim %016" PRIx64 " %d %" PRIu64 " %" PRIu32 "\n", b->sim, b->period,
		b->used, b->turn);
	for (size_t i = 0; i < b->others; i++)
		buf_printf(out, "sim %016" PRIx64 " %d %" PRIu64 " %" PRIu32 "\n", b->other[i].sim,
			b->other[i].period, b->other[i].used, b->other[i].turn);
	for (size_t i = 0; i < b->last.n; i++)
		buf_printf(out, "iface %s %" PRIu64 " %" PRIu64 "\n", b->last.at[i].name,
			b->last.at[i].moved.down, b->last.at[i].moved.up);
	buf_printf(out, "pledge %" PRIu64 "\n", b->pledge);
	buf_printf(out, "sum %08" PRIx32 "\n", sum_of(out->data, out->len));
}

int budget_write(const struct budget *b)
{
	struct buf text;
	int err;

	buf_init(&text, FILE_BYTES - 1);
	say(&text, b);
	err = text.err ? text.err : file_replace(b->path, text.data, text.len, 0600);
	buf_done(&text);
	return err;
}
