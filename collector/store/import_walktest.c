/* SPDX-License-Identifier: Apache-2.0 */
/* A walk test of a phone app into the store, as records of a roaming probe that exists in the registry only.  The file is
 * read twice, in pieces: every line is checked before the first is stored.  Which numbers a file's lines got is kept
 * under the hash of its bytes, so that the same file again changes nothing. */
#include "../../probes/core/codec.h"
#include "../../probes/core/mem.h"
#include "import.h"
#include "inside.h"
#include "walktest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK           65536
#define HASH            32
#define GROUP_ROWS      4000 /* in a commit */
#define COMPLAINTS_MOST 1000 /* lines named */
#define DIGITS          (2 * HASH + 1)

struct reader {
	FILE *file;
	EVP_MD_CTX *hash;
	char block[BLOCK];
	size_t at, have;
	int line; /* number of the one that was read last, from 1 */
};

struct walk {
	struct import *im;
	const char *file; /* name for messages */
	struct reader in;
	struct walktest form;
	struct record r;
	char text[WALKTEST_LINE + 1];
	uint64_t rows; /* of this pass */
	size_t bad;
	int64_t first_ns, last_ns; /* times of the rows */
	uint8_t digest[HASH];
	uint64_t first_seq;
	struct store_probe probe;
	struct walktest_result *out;
};

/* --- lines --------------------------------------------------------------------------------------------------------- */
static int reader_open(struct reader *in, const char *path, struct buf *problems)
{
	struct stat st;

	in->file = fopen(path, "rbe");
	in->hash = EVP_MD_CTX_new();
	if (!in->file || fstat(fileno(in->file), &st) < 0) {
		int err = -errno;

		buf_printf(problems, "%s: %s\n", path, strerror(errno));
		return err;
	}
	if (!S_ISREG(st.st_mode)) { /* it is read twice */
		buf_printf(problems, "%s: is not a file\n", path);
		return -EINVAL;
	}
	return in->hash ? 0 : -ENOMEM;
}

static int reader_begin(struct reader *in)
{
	in->at = in->have = 0;
	in->line = 0;
	rewind(in->file);
	return EVP_DigestInit_ex(in->hash, EVP_sha256(), NULL) ? 0 : -EIO;
}

static int reader_end(struct reader *in, uint8_t digest[HASH])
{
	return EVP_DigestFinal_ex(in->hash, digest, NULL) ? 0 : -EIO;
}

static void reader_close(struct reader *in)
{
	if (in->file)
		fclose(in->file);
	EVP_MD_CTX_free(in->hash);
}

/* A byte, or EOF. */
static int next_byte(struct reader *in)
{
	if (in->at == in->have) {
		in->at = 0;
		in->have = fread(in->block, 1, BLOCK, in->file);
		EVP_DigestUpdate(in->hash, in->block, in->have);
	}
	return in->at < in->have ? (uint8_t)in->block[in->at++] : EOF;
}

/* Without its LF or CRLF.  1: a line, 0: the end, -E2BIG: longer than out, which has its beginning. */
static int next_line(struct reader *in, char out[WALKTEST_LINE + 1], size_t *n)
{
	bool any = false, cut = false;
	int c;

	*n = 0;
	while ((c = next_byte(in)) != EOF && c != '\n') {
		any = true;
		if (*n < WALKTEST_LINE)
			out[(*n)++] = (char)c;
		else
			cut = true;
	}
	if (c == EOF && !any)
		return 0;
	in->line++;
	if (*n && out[*n - 1] == '\r')
		(*n)--;
	return cut ? -E2BIG : 1;
}

/* --- a pass over all rows --------------------------------------------------------------------------------------------- */
static void complain(struct walk *w, const char *text)
{
	if (w->bad++ < COMPLAINTS_MOST)
		buf_printf(w->im->problems, "%s:%d: %s\n", w->file, w->in.line, text);
}

static int header(struct walk *w)
{
	struct why why = { "" };
	size_t n;
	int got = next_line(&w->in, w->text, &n);

	if (got == 0) {
		buf_printf(w->im->problems, "%s: the file is empty\n", w->file);
		return -ENODATA;
	}
	if (n >= 3 && !memcmp(w->text, "\xef\xbb\xbf", 3))
		memmove(w->text, w->text + 3, n -= 3);
	if (got < 0 || walktest_header(&w->form, w->text, n, &why)) {
		complain(w, got < 0 ? "the line is too long to be one of a walk test" : why.text);
		return -EINVAL;
	}
	return 0;
}

/* Each row that is good goes to take(); the others are complained about. */
static int each_row(struct walk *w, int (*take)(struct walk *w))
{
	size_t n;
	int got, err = reader_begin(&w->in);

	w->rows = 0;
	if (!err)
		err = header(w);
	while (!err && (got = next_line(&w->in, w->text, &n)) != 0) {
		struct why why = { "" };

		if (got > 0 && !n)
			continue; /* an empty line */
		w->rows++;
		if (got < 0)
			complain(w, "the line is too long to be one of a walk test");
		else if (walktest_row(&w->form, w->text, n, &w->r, &why))
			complain(w, why.text);
		else
			err = take(w);
	}
	return err;
}

static int check(struct walk *w)
{
	struct walktest_result *out = w->out;

	if (!w->first_ns || w->r.utc_ns < w->first_ns)
		w->first_ns = w->r.utc_ns;
	if (!w->last_ns || w->r.utc_ns > w->last_ns)
		w->last_ns = w->r.utc_ns;
	out->placed += w->r.place.source != PLACE_NONE;
	out->implausible += record_has(&w->r, FIELD_IMPLAUSIBLE);
	return 0;
}

static int check_all(struct walk *w)
{
	int err = each_row(w, check);

	if (!err)
		err = reader_end(&w->in, w->digest);
	if (!err && !w->rows) {
		buf_printf(w->im->problems, "%s: has no rows\n", w->file);
		return -ENODATA;
	}
	if (!err && w->bad) {
		buf_printf(w->im->problems,
			"%s: %zu of %" PRIu64 " lines are wrong; nothing was imported\n", w->file,
			w->bad, w->rows);
		return -EINVAL;
	}
	return err;
}

/* --- whose it is, and its numbers ------------------------------------------------------------------------------------- */
/* A real id is 26 letters and digits: with a hyphen it can be nobody's. */
static int name_probe(struct walk *w, const char *name, char id[PROBE_ID_TEXT])
{
	char whole[PROBE_ID_TEXT];

	if (!name) {
		probe_id_text(w->digest, whole);
		snprintf(id, PROBE_ID_TEXT, WALKTEST_ID "%.21s", whole);
		return 0;
	}
	if (!*name || strlen(name) > PROBE_ID_TEXT - 1 - strlen(WALKTEST_ID) ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(name)) {
		buf_printf(w->im->problems,
			"--probe \"%s\": 1 to %zu of the letters a-z, digits, - _ .\n", name,
			PROBE_ID_TEXT - 1 - strlen(WALKTEST_ID));
		return -EINVAL;
	}
	snprintf(id, PROBE_ID_TEXT, WALKTEST_ID "%s", name);
	return 0;
}

static void key_of(const struct walk *w, char key[16 + DIGITS])
{
	int n = snprintf(key, 16, "walktest:");

	for (size_t i = 0; i < HASH; i++)
		n += snprintf(key + n, 3, "%02x", w->digest[i]);
}

/* 0: it was imported as id, from first_seq on; -ENOENT: it was not. */
static int known(struct walk *w, char id[PROBE_ID_TEXT])
{
	char key[16 + DIGITS];
	struct buf value;
	int err;

	key_of(w, key);
	buf_init(&value, 256);
	err = store_kv_get(w->im->store, key, &value);
	if (!err && sscanf(buf_text(&value), "%26s %" SCNu64, id, &w->first_seq) != 2)
		err = -EBADMSG;
	buf_done(&value);
	return err;
}

/* The next free numbers of the probe become this file's, for good. */
static int claim(struct walk *w, const char *id)
{
	struct store *s = w->im->store;
	char key[16 + DIGITS], next[16 + PROBE_ID_TEXT], text[64], before[PROBE_ID_TEXT];
	int64_t first;
	int err = meta_begin(s);

	if (err)
		return err;
	err = known(w, before);
	if (err != -ENOENT) /* another process was faster */
		return meta_end(s, err ? err : strcmp(before, id) ? -EEXIST : 0);
	snprintf(next, sizeof(next), "walktest-next:%s", id);
	first = db_int(&s->meta, 1, "SELECT CAST(value AS INTEGER) FROM kv WHERE key=?", "t", next);
	key_of(w, key);
	snprintf(text, sizeof(text), "%s %" PRId64, id, first);
	err = store_kv_set(s, key, text);
	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)first + w->rows);
	if (!err)
		err = store_kv_set(s, next, text);
	w->first_seq = (uint64_t)first;
	return meta_end(s, err);
}

static int identify(struct walk *w, const char *name)
{
	char id[PROBE_ID_TEXT], before[PROBE_ID_TEXT] = "";
	struct why why = { "" };
	int err = name_probe(w, name, id), unknown;

	if (err)
		return err;
	unknown = known(w, before);
	if (unknown && unknown != -ENOENT)
		return unknown;
	if (!unknown && name && strcmp(before, id) != 0) {
		buf_printf(w->im->problems, "%s: is there already, as probe %s\n", w->file, before);
		return -EINVAL;
	}
	if (!unknown)
		memcpy(id, before, sizeof(id));
	err = store_probe_import(w->im->store, id, w->im->actor, &why);
	if (!err)
		err = store_probe(w->im->store, id, &w->probe);
	if (!err && unknown)
		err = claim(w, id);
	if (err && *why.text)
		buf_printf(w->im->problems, "%s\n", why.text);
	memcpy(w->out->probe, id, sizeof(w->out->probe));
	return err;
}

/* --- storing ------------------------------------------------------------------------------------------------------------ */
struct storing {
	struct walk walk; /* first: each_row() knows that only */
	struct batch_head head;
	struct store_incoming in;
	struct buf body;
	uint64_t in_group, repeated;
};

static int end_group(struct storing *st)
{
	struct store *s = st->walk.im->store;
	int err = store_batch(s, &st->in, st->repeated);

	st->in_group = st->repeated = 0;
	return err ? err : store_group_commit(s);
}

static int keep(struct walk *w)
{
	struct storing *st = (struct storing *)w;
	int err = st->in_group ? 0 : store_group_begin(w->im->store);

	if (err)
		return err;
	w->r.seq = w->first_seq + w->rows - 1;
	w->r.mono_ns = w->r.utc_ns - w->first_ns;
	record_set_text(&w->r, FIELD_SURVEY, w->file);
	buf_clear(&st->body);
	err = codec_encode(&st->body, &w->r);
	if (!err)
		err = store_insert(w->im->store, &st->in, &w->r, st->body.data, st->body.len, 0);
	if (err < 0)
		return err;
	st->repeated += err;
	*(err ? &w->out->there : &w->out->added) += 1;
	return ++st->in_group == GROUP_ROWS ? end_group(st) : 0;
}

static bool there_already(struct storing *st)
{
	struct walk *w = &st->walk;
	uint64_t range[1][2], last = w->first_seq + w->rows - 1;
	size_t n = 0;

	return !store_ranges(w->im->store, w->probe.number, w->first_seq, last, 1, range, &n) &&
	       n == 1 && range[0][0] <= w->first_seq && range[0][1] >= last;
}

static int keep_all(struct storing *st)
{
	struct walk *w = &st->walk;
	uint8_t digest[HASH];
	uint64_t rows = w->rows;
	int err;

	st->in = (struct store_incoming){ w->probe.number, "", &st->head, clock_wall() };
	memcpy(st->head.probe, w->digest, sizeof(st->head.probe));
	memcpy(st->head.boot, w->digest + PROBE_ID, sizeof(st->head.boot));
	snprintf(st->head.agent, sizeof(st->head.agent), "import walktest");
	if (there_already(st)) {
		w->out->there = rows;
		return 0;
	}
	buf_init(&st->body, RECORD_BYTES_MAX);
	err = each_row(w, keep);
	if (!err && st->in_group)
		err = end_group(st);
	if (!err)
		err = reader_end(&w->in, digest);
	if (!err && (w->rows != rows || w->bad || memcmp(digest, w->digest, HASH) != 0)) {
		buf_printf(w->im->problems, "%s: changed while it was read\n", w->file);
		err = -EINVAL;
	}
	store_group_abort(w->im->store); /* nothing when it was committed */
	buf_done(&st->body);
	return err;
}

static int audit(struct walk *w)
{
	char detail[160];

	if (!w->out->added)
		return 0;
	snprintf(detail, sizeof(detail), "probe=%s rows=%" PRIu64 " added=%" PRIu64, w->out->probe,
		w->out->rows, w->out->added);
	return store_audit(w->im->store, w->im->actor, "import walktest", w->file, detail);
}

int import_walktest(struct import *im, const char *path, const struct walktest_options *o,
	struct walktest_result *out)
{
	struct storing *st = mem_new(sizeof(*st));
	struct walk *w = &st->walk;
	int err;

	*out = (struct walktest_result){ 0 };
	w->im = im;
	w->out = out;
	w->file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	w->form.utc_offset_s = o->utc_offset_s;
	w->form.now_ns = o->now_ns;
	err = reader_open(&w->in, path, im->problems);
	if (!err)
		err = check_all(w);
	out->rows = w->rows;
	out->first_ns = w->first_ns;
	out->last_ns = w->last_ns;
	if (!err)
		err = identify(w, o->probe);
	if (!err)
		err = keep_all(st);
	if (!err)
		err = audit(w);
	if (err && err != -EINVAL && err != -ENODATA && w->in.file)
		buf_printf(im->problems, "%s: %s (%s)\n", w->file, strerror(-err),
			store_problem(im->store));
	reader_close(&w->in);
	free(st);
	return err;
}
