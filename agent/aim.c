/* SPDX-License-Identifier: Apache-2.0 */
#include "aim.h"
#include "level.h"
#include "show.h"
#include "../probes/core/mem.h"
#include "../probes/core/utf8.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR       12
#define COLUMNS   79  /* when the terminal does not tell */
#define WIDE      110 /* from here on there is room for a longer bar and more words */
#define LINE_ROOM 1024
#define SLOW_NS   (800 * NS_PER_MS)  /* more between two rounds is said */
#define BEEP_SLOW (1500 * NS_PER_MS) /* at the foot of the scale */
#define BEEP_FAST (150 * NS_PER_MS)  /* at its top */

struct aim {
	struct aim_options o;
	bool tty, explained, drawn;
	FILE *bell; /* NULL: nobody would hear it */
	struct loop_timer beep;
	struct level now, best;
	bool heard, any; /* now and best mean something */
	struct record best_record;
	int64_t began_ns, last_ns, best_ns; /* clock_loop() */
	int64_t between_ns;                 /* smoothed, between two rounds */
	uint64_t rounds, with_level;
};

/* --- the sound ------------------------------------------------------------------------------------------ */
static void beep(struct loop_timer *t)
{
	struct aim *a = container_of(t, struct aim, beep);

	if (!a->heard)
		return; /* silence: nothing is received; the next level starts it again */
	fputc('\a', a->bell);
	fflush(a->bell);
	loop_timer_in(a->o.loop, t,
		BEEP_SLOW - (int64_t)(a->now.share * (double)(BEEP_SLOW - BEEP_FAST)));
}

/* --- the line ------------------------------------------------------------------------------------------- */
static void put_bar(struct buf *b, double share, bool wide)
{
	int all = wide ? 2 * BAR : BAR, full = (int)(share * all + 0.5);

	for (int i = 0; i < all; i++)
		buf_puts(b, i < full ? "█" : "░");
}

static void put_dbm(struct buf *b, const struct level *l, bool vi)
{
	char text[WORDS_NUMBER];

	buf_printf(b, "%s dBm", words_real(text, vi, l->dbm, 0));
}

/* "B3, PCI 112, 45204 Viettel": what tells that the antenna now looks at another mast */
static void put_cell(struct buf *b, const struct record *r)
{
	const char *before = "";

	if (record_has(r, FIELD_RAT)) {
		buf_puts(b, record_text(r, FIELD_RAT));
		before = ", ";
	}
	if (record_has(r, FIELD_BAND)) {
		buf_printf(b, "%sB%" PRId64, before, record_int(r, FIELD_BAND, 0));
		before = ", ";
	}
	if (record_has(r, FIELD_PCI)) {
		buf_printf(b, "%sPCI %" PRId64, before, record_int(r, FIELD_PCI, 0));
		before = ", ";
	}
	if (record_has(r, FIELD_PLMN)) {
		buf_printf(b, "%s%s", before, record_text(r, FIELD_PLMN));
		before = " ";
	}
	if (record_has(r, FIELD_OPERATOR_NAME))
		buf_printf(b, "%s%s", before, record_text(r, FIELD_OPERATOR_NAME));
}

static const char *field_label(enum field f)
{
	switch (f) {
	case FIELD_NR_RSRP:
		return "SS-RSRP";
	case FIELD_RSCP:
		return "RSCP";
	case FIELD_RXLEV:
		return "RxLev";
	case FIELD_RSSI:
		return "RSSI";
	default:
		return "RSRP";
	}
}

static void put_level(struct buf *b, const struct aim *a, const struct record *r, bool wide)
{
	bool vi = a->o.vietnamese;
	char text[WORDS_NUMBER];

	if (record_has(r, FIELD_ERROR)) {
		buf_puts(b, word(word_of_error(record_text(r, FIELD_ERROR))->means, vi));
		return;
	}
	if (!a->heard) {
		buf_puts(b, word(W_AIM_NO_LEVEL, vi));
		return;
	}
	buf_printf(b, "%s ", field_label(a->now.field));
	put_dbm(b, &a->now, vi);
	buf_puts(b, "  ");
	put_bar(b, a->now.share, wide);
	buf_printf(b, " %s", word(level_word(a->now.grade), vi));
	if (wide && record_has(r, FIELD_SINR))
		buf_printf(
			b, "  SINR %s dB", words_real(text, vi, record_real(r, FIELD_SINR, 0), 0));
}

static void put_rate(struct buf *b, const struct aim *a, bool slow)
{
	char n[WORDS_NUMBER];
	bool vi = a->o.vietnamese;

	if (!a->between_ns || slow != (a->between_ns > SLOW_NS))
		return;
	buf_puts(b, "  ");
	words_put(b, vi, slow ? W_AIM_SLOW : W_AIM_RATE,
		FILL("n", words_real(n, vi, (double)NS_PER_S / (double)a->between_ns, 1)));
}

static void put_best(struct buf *b, const struct aim *a, bool wide)
{
	char level[WORDS_NUMBER], number[WORDS_NUMBER], span[WORDS_NUMBER];
	bool vi = a->o.vietnamese;

	if (!a->any)
		return;
	snprintf(level, sizeof(level), "%.30s dBm", words_real(number, vi, a->best.dbm, 0));
	buf_puts(b, "  ");
	words_put(b, vi, wide ? W_AIM_BEST_AGO : W_AIM_BEST,
		FILL("level", level, "span",
			words_span(span, vi, (a->last_ns - a->best_ns) / NS_PER_S)));
}

static size_t terminal_columns(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20 ? COLUMNS : w.ws_col - 1u;
}

/* A line longer than the terminal would wrap, and no longer be updated in place. */
static void cut(char *text, size_t columns)
{
	for (; *text; text++) {
		if (((unsigned char)*text & 0xc0) == 0x80)
			continue;
		if (!columns--) {
			*text = 0;
			return;
		}
	}
}

/* What matters most stands first: a narrow terminal cuts the rest. */
static void draw(struct aim *a, const struct record *r)
{
	size_t columns = a->tty ? terminal_columns() : LINE_ROOM;
	bool wide = columns >= WIDE;
	struct buf b;
	char line[LINE_ROOM];

	buf_init(&b, LINE_ROOM - 1);
	put_level(&b, a, r, wide);
	put_rate(&b, a, true);
	put_best(&b, a, wide);
	buf_puts(&b, "  ");
	put_cell(&b, r);
	put_rate(&b, a, false);
	utf8_clean(line, sizeof(line), buf_text(&b), b.len);
	buf_done(&b);
	words_safe(line);
	if (a->tty) {
		cut(line, columns);
		printf("\r%s\033[K", line); /* ECMA-48 8.3.41 EL: what an earlier line left */
		a->drawn = true;
	} else {
		puts(line);
	}
	fflush(stdout);
}

static void explain(struct aim *a)
{
	char source[300];

	if (a->explained || !a->heard)
		return;
	a->explained = true;
	if (a->tty)
		printf("\r\033[K%s\n", word(W_AIM_INTRO, a->o.vietnamese));
	printf("%s\n", level_source(source, sizeof(source), a->o.vietnamese, &a->now));
}

/* --- rounds ------------------------------------------------------------------------------------------------ */
static void keep_best(struct aim *a, const struct record *r)
{
	bool better = !a->any || a->now.share > a->best.share ||
	              (a->now.field == a->best.field && a->now.dbm > a->best.dbm);

	a->with_level++;
	if (!better)
		return;
	a->any = true;
	a->best = a->now;
	a->best_record = *r;
	a->best_ns = a->last_ns;
}

void aim_round(struct aim *a, const struct record *r)
{
	int64_t now = clock_loop(), between = now - a->last_ns;
	bool heard_before = a->heard;

	if (a->rounds++)
		a->between_ns = a->between_ns ? (3 * a->between_ns + between) / 4 : between;
	a->last_ns = now;
	a->heard = level_of(r, &a->now);
	if (a->heard)
		keep_best(a, r);
	if (a->bell && a->heard && !heard_before)
		loop_timer_in(a->o.loop, &a->beep, 0);
	if (a->o.json) {
		show_record_json(stdout, r);
		return;
	}
	explain(a);
	draw(a, r);
}

struct aim *aim_new(const struct aim_options *o)
{
	struct aim *a = mem_new(sizeof(*a));

	a->o = *o;
	a->tty = !o->json && isatty(STDOUT_FILENO);
	a->began_ns = a->last_ns = clock_loop();
	a->beep.fire = beep;
	if (o->beep)
		a->bell = isatty(STDERR_FILENO) ? stderr : a->tty ? stdout : NULL;
	return a;
}

static void say_json(const struct aim *a, int64_t seconds)
{
	struct json_object *o = json_object_new_object(), *s = json_object_new_object();
	const struct record *r = &a->best_record;
	char text[CLOCK_TEXT];
	bool dated = a->any && r->utc_ns != UTC_UNKNOWN;

	json_object_object_add(s, "rounds", json_object_new_int64((int64_t)a->rounds));
	json_object_object_add(s, "with_level", json_object_new_int64((int64_t)a->with_level));
	json_object_object_add(s, "seconds", json_object_new_int64(seconds));
	json_object_object_add(s, "best_dbm", a->any ? json_object_new_double(a->best.dbm) : NULL);
	json_object_object_add(s, "best_of",
		a->any ? json_object_new_string(field_info(a->best.field)->name) : NULL);
	json_object_object_add(
		s, "best_utc", dated ? json_object_new_string(clock_text(r->utc_ns, text)) : NULL);
	json_object_object_add(s, "best_pci",
		a->any && record_has(r, FIELD_PCI)
			? json_object_new_int64(record_int(r, FIELD_PCI, 0))
			: NULL);
	json_object_object_add(o, "summary", s);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static void say(const struct aim *a, int64_t seconds)
{
	char level[WORDS_NUMBER], number[WORDS_NUMBER], when[WORDS_NUMBER], rounds[WORDS_NUMBER],
		span[WORDS_NUMBER];
	bool vi = a->o.vietnamese;
	struct buf cell;

	words_int(rounds, (int64_t)a->rounds);
	if (!a->any) {
		words_print(stdout, vi, W_AIM_NOTHING, FILL("rounds", rounds));
		putchar('\n');
		return;
	}
	buf_init(&cell, LINE_ROOM);
	put_cell(&cell, &a->best_record);
	snprintf(level, sizeof(level), "%.30s dBm", words_real(number, vi, a->best.dbm, 0));
	words_print(stdout, vi, W_AIM_SUMMARY,
		FILL("level", level, "word", word(level_word(a->best.grade), vi), "when",
			words_date(when, clock_wall() - (clock_loop() - a->best_ns)), "cell",
			buf_text(&cell), "rounds", rounds, "span", words_span(span, vi, seconds)));
	putchar('\n');
	buf_done(&cell);
}

void aim_free(struct aim *a)
{
	if (!a)
		return;
	loop_timer_stop(a->o.loop, &a->beep);
	if (a->drawn)
		putchar('\n');
	if (a->o.json)
		say_json(a, (clock_loop() - a->began_ns) / NS_PER_S);
	else
		say(a, (clock_loop() - a->began_ns) / NS_PER_S);
	fflush(stdout);
	free(a);
}
