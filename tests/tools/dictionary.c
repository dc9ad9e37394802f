/* SPDX-License-Identifier: Apache-2.0 */
/* Writes docs/data-dictionary.md from the lists of fields.h to standard output. */
#include "probes/core/record.h"
#include "probes/core/mem.h"
#include <stdio.h>

static const char *const type_name[] = { "bool", "int", "real", "text", "ints" };

static void kinds(void)
{
	static const struct {
		int number;
		const char *name, *meaning;
	} list[] = {
#define X(number, symbol, name, meaning) { number, name, meaning },
		RECORD_KINDS(X)
#undef X
	};

	printf("## Kinds\n\n| number | kind | what it is |\n|---|---|---|\n");
	for (size_t i = 0; i < COUNT(list); i++)
		printf("| %d | `%s` | %s |\n", list[i].number, list[i].name, list[i].meaning);
}

static void header(void)
{
	printf("\n## Header of every record\n\n| name | unit | meaning |\n|---|---|---|\n"
	       "| `v` | | version of the record, %d |\n"
	       "| `kind` | | one of the kinds above |\n"
	       "| `seq` | | counts up for ever per probe, across reboots |\n"
	       "| `mono_ns` | ns | time since boot at the start of what was measured |\n"
	       "| `utc` | | the same in UTC (RFC 3339), null while the clock is unknown |\n"
	       "| `clock.source` | | ",
		RECORD_VERSION);
	for (int i = 0; i < CLOCK_SOURCES; i++)
		printf("%s ", clock_source_name[i]);
	printf("|\n| `clock.error_us` | us | estimated error of the clock, null unknown |\n"
	       "| `clock.sync_age_s` | s | since the clock was last confirmed, null never |\n| "
	       "`state` | | access state: ");
	for (int i = 0; i < ACCESS_STATES; i++)
		printf("%s ", access_state_name[i]);
	printf("|\n| `place.lat`, `place.lon` | degrees | WGS 84; place is null when unknown |\n"
	       "| `place.accuracy_m` | m | null unknown |\n| `place.source` | | ");
	for (int i = PLACE_SURVEYED; i < PLACE_SOURCES; i++)
		printf("%s ", place_source_name[i]);
	printf("|\n| `uplink` | | interface the probe reports over, null unknown |\n");
}

static void carriers(uint32_t mask)
{
	const char *comma = "";

	if (mask == K_ANY) {
		printf("all");
		return;
	}
	for (unsigned k = 1; k < 32; k++)
		if (mask & 1u << k && record_kind_name(k)) {
			printf("%s%s", comma, record_kind_name(k));
			comma = ", ";
		}
}

static void text(const char *s)
{
	for (; *s; s++) /* a bar would end the cell */
		*s == '|' ? (void)fputs("\\|", stdout) : (void)putchar(*s);
}

/* The programs do without these texts: they are here alone. */
static const char *meaning_of(unsigned n)
{
	static const char *const meanings[] = {
#define X(number, symbol, name, type, unit, kinds, meaning) [number] = meaning,
		RECORD_FIELDS(X)
#undef X
	};

	return meanings[n];
}

static void fields(void)
{
	printf("\n## Fields\n\n| number | name | type | unit | kinds | meaning "
	       "|\n|---|---|---|---|---|---|\n");
	for (unsigned n = 0; n < FIELD_LIMIT; n++) {
		const struct field_info *f = field_info(n);

		if (!f)
			continue;
		printf("| %u | `%s` | %s | %s | ", n, f->name, type_name[f->type], f->unit);
		carriers(f->kinds);
		printf(" | ");
		text(meaning_of(n));
		printf(" |\n");
	}
}

int main(void)
{
	printf("# Data dictionary\n\n"
	       "Made from `probes/core/fields.h` by `tests/tools/dictionary.c`; do not edit it by "
	       "hand.\n"
	       "A field that is absent (null in JSON) is unknown; it is never written as 0. How "
	       "records look on the wire:\n"
	       "`probes/core/WIRE.md`.\n\n");
	kinds();
	header();
	fields();
	return fflush(stdout) ? 1 : 0;
}
