/* SPDX-License-Identifier: Apache-2.0 */
/* The command. */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	void (*write)(struct buf *out, const struct report *r);
} formats[] = {
	{ "html", report_html },
	{ "csv", report_csv },
	{ "geojson", report_geojson },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))
#define USAGE \
	"usage: phusong-collector report --province CODE|all --format html|csv|geojson -o FILE " \
	"[--lang vi|en]\n" \
	"       [--as-of TIME] [--profile FILE]\n"

/* Written beside and renamed: a report is there whole or not at all. */
static int save(const struct buf *b, const char *path, struct why *why)
{
	char beside[4096];
	FILE *f;
	bool ok;

	if (!strcmp(path, "-"))
		return fwrite(b->data, 1, b->len, stdout) == b->len && !fflush(stdout)
		               ? 0
		               : why_say(why, -EIO, "standard output: %s", strerror(errno));
	if (snprintf(beside, sizeof(beside), "%s.part", path) >= (int)sizeof(beside))
		return why_say(why, -ENAMETOOLONG, "%s: too long", path);
	f = fopen(beside, "we");
	if (!f)
		return why_say(why, -errno, "%s: %s", beside, strerror(errno));
	ok = fwrite(b->data, 1, b->len, f) == b->len && !fflush(f) && !fsync(fileno(f));
	ok = !fclose(f) && ok;
	if (ok && !rename(beside, path))
		return 0;
	why_say(why, -EIO, "%s: %s", path, strerror(errno));
	unlink(beside);
	return -EIO;
}

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "phusong-collector: %s%s\n" USAGE, what, value);
	return 2;
}

struct request {
	struct report_options o;
	const char *format, *file;
};

static int take(struct request *q, const char *option, const char *value)
{
	if (!strcmp(option, "--province"))
		q->o.province = value;
	else if (!strcmp(option, "--format"))
		q->format = value;
	else if (!strcmp(option, "-o"))
		q->file = value;
	else if (!strcmp(option, "--lang"))
		q->o.lang = value;
	else if (!strcmp(option, "--profile"))
		q->o.profile = value;
	else if (!strcmp(option, "--as-of"))
		return clock_parse(value, &q->o.as_of_ns) ? wrong("not a time: ", value) : 0;
	else
		return wrong("there is no option ", option);
	return 0;
}

static int check(struct request *q, size_t *format)
{
	if (!q->o.province || !q->format || !q->file)
		return wrong("--province, --format and -o are needed", "");
	if (!q->o.profile)
		return wrong(
			"no profile: give --profile or truth.profiles in the configuration", "");
	if (strcmp(q->o.lang, "vi") && strcmp(q->o.lang, "en"))
		return wrong("the languages are vi and en, not ", q->o.lang);
	if (!strcmp(q->o.province, "all"))
		q->o.province = "";
	for (*format = 0; *format < FORMATS && strcmp(q->format, formats[*format].name);)
		++*format;
	if (*format == FORMATS)
		return wrong("the formats are html, csv and geojson; not available: ", q->format);
	return 0;
}

int report_run(int argc, char **argv, const char *folder, const char *boundaries,
	const char *const *profiles, size_t profile_count)
{
	struct request q = { .o = { .folder = folder,
				     .boundaries = boundaries,
				     .profile = profile_count ? profiles[0] : NULL,
				     .lang = "vi",
				     .as_of_ns = UTC_UNKNOWN } };
	struct report *r = NULL;
	struct why why = { "" };
	struct buf out;
	size_t format;
	int err = 0;

	for (int i = 0; i < argc && !err; i += 2)
		err = i + 1 < argc ? take(&q, argv[i], argv[i + 1])
		                   : wrong("a value is missing after ", argv[i]);
	if (!err)
		err = check(&q, &format);
	if (err)
		return err;
	buf_init(&out, REPORT_BYTES_MAX);
	err = report_collect(&r, &q.o, &why);
	if (!err) {
		formats[format].write(&out, r);
		err = out.err ? why_say(&why, out.err, "the report is larger than %u MB",
					REPORT_BYTES_MAX >> 20)
		              : save(&out, q.file, &why);
	}
	if (err)
		fprintf(stderr, "phusong-collector: %s\n", *why.text ? why.text : strerror(-err));
	report_free(r);
	buf_done(&out);
	return err ? 1 : 0;
}
