/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent journal and export: the results by hand.  Both only look, beside a running agent or without. */
#include "journal_look.h"
#include "options.h"
#include "settings.h"
#include "show.h"
#include "../probes/core/codec.h"
#include "../probes/core/file.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_RECORDS 200
#define READ_BYTES   (32 << 10)

/* journal_read() until nothing is left: each(arg, head, records) is called for each piece. */
static int each_piece(struct journal *j,
	int (*each)(void *arg, struct batch_head *head, const struct buf *records), void *arg)
{
	struct batch_head head;
	struct buf records;
	uint64_t after = 0, last = 0;
	int n, err = 0;

	buf_init(&records, READ_BYTES + RECORD_BYTES_MAX);
	do {
		buf_clear(&records);
		memset(&head, 0, sizeof(head));
		n = journal_read(j, after, READ_RECORDS, READ_BYTES, &head, &records, &last);
		if (n > 0)
			err = each(arg, &head, &records);
		after = last;
	} while (n > 0 && !err);
	buf_done(&records);
	return n < 0 ? n : err;
}

int journal_look(
	struct journal **out, const struct conf *c, struct journal_past *past, struct why *why)
{
	char folder[STATE_PATH];
	struct journal_options o;

	journal_settings(c, state_path(c, "journal", folder), &o);
	o.read_only = true;
	return journal_open(out, &o, past, why);
}

struct printing {
	bool json;
	uint64_t count;
};

static int print_piece(void *arg, struct batch_head *head, const struct buf *records)
{
	struct printing *p = arg;
	const uint8_t *at = records->data, *end = at + records->len;
	struct record r;
	size_t used;

	while (at < end) {
		int err = codec_decode(&r, at, (size_t)(end - at), &used, NULL);

		if (!used)
			return err ? err : -EBADMSG;
		at += used;
		if (err)
			continue;
		if (r.utc_ns == UTC_UNKNOWN)
			r.utc_ns = batch_utc(head, r.mono_ns, NULL, NULL);
		if (p->json)
			show_record_json(stdout, &r);
		else
			show_line(stdout, &r);
		p->count++;
	}
	return 0;
}

int journal_command(int argc, char **argv)
{
	struct printing p = { .count = 0 };
	struct journal *j = NULL;
	struct why why = { "" };
	struct conf *c = NULL;
	struct options o;
	int err, status = options_read(&o, OPTION_CONF | OPTION_JSON, argc, argv);

	if (status >= 0)
		return status;
	if (o.count)
		return wrong_use("journal", "\"%s\" is not understood", o.words[0]);
	status = agent_conf_open(&c, o.conf);
	if (status >= 0)
		return status;
	log_quiet(true);
	p.json = o.json;
	err = journal_look(&j, c, NULL, &why);
	if (!err)
		err = each_piece(j, print_piece, &p);
	journal_close(j);
	conf_free(c);
	if (err)
		fprintf(stderr, "phusong-agent journal: %s\n",
			*why.text ? why.text : strerror(-err));
	else if (!p.json)
		fprintf(stderr, "%" PRIu64 " records wait for a receipt\n", p.count);
	return err ? EXIT_FAILED : EXIT_DONE;
}

/* --- export: "PSX1\n", then for each batch its length (u32, network byte order) and its bytes ---------- */
struct export
{
	int fd;
	const struct identity *identity;
	bool simulated;
	uint64_t records, batches;
};

static int write_all(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

static int export_piece(void *arg, struct batch_head *head, const struct buf *records)
{
	struct export *e = arg;
	uint8_t length[4];
	struct buf sealed;
	int err;

	snprintf(head->agent, sizeof(head->agent), "%s", phusong_version);
	head->simulated = e->simulated;
	buf_init(&sealed, BATCH_BYTES_MAX);
	err = batch_seal(&sealed, head, records->data, records->len, e->identity);
	for (int i = 0; i < 4; i++)
		length[i] = (uint8_t)(sealed.len >> (24 - 8 * i));
	if (!err)
		err = write_all(e->fd, length, sizeof(length));
	if (!err)
		err = write_all(e->fd, sealed.data, sealed.len);
	buf_done(&sealed);
	e->records += head->count;
	e->batches++;
	return err;
}

static int write_file(struct export *e, struct journal *j, const char *file, struct why *why)
{
	char fresh[4096];
	int err;

	if (snprintf(fresh, sizeof(fresh), "%s.new", file) >= (int)sizeof(fresh))
		return why_say(why, -ENAMETOOLONG, "the name of the file is too long");
	e->fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (e->fd < 0)
		return why_say(why, -errno, "%s: %s", fresh, strerror(errno));
	err = write_all(e->fd, "PSX1\n", 5);
	if (!err)
		err = each_piece(j, export_piece, e);
	/* sticks are pulled out: nothing is called done that is not on it */
	if (!err && fsync(e->fd))
		err = -errno;
	close(e->fd);
	if (!err && rename(fresh, file))
		err = -errno;
	if (err)
		unlink(fresh);
	else
		err = file_sync_folder(
			file); /* the name, too, is on the stick before it is called done */
	return err ? why_say(why, err, "%s: %s", file, strerror(-err)) : 0;
}

static int export_to(const struct conf *c, const char *file, struct export *e, struct why *why)
{
	struct identity *identity = NULL;
	struct journal *j = NULL;
	char path[STATE_PATH];
	int err;

	state_path(c, "identity.pem", path);
	if (access(path,
		    R_OK)) /* identity_open() would make a new one, which signs nothing of ours */
		return why_say(why, -errno, "%s: %s", path, strerror(errno));
	err = identity_open(&identity, path, why);
	if (!err)
		err = journal_look(&j, c, NULL, why);
	e->identity = identity;
	e->simulated = settings_bool(conf_section(c, "agent"), "simulated");
	if (!err)
		err = write_file(e, j, file, why);
	journal_close(j);
	identity_free(identity);
	return err;
}

int export_command(int argc, char **argv)
{
	struct export e = { .fd = -1 };
	struct why why = { "" };
	struct conf *c = NULL;
	struct options o;
	int err, status = options_read(&o, OPTION_CONF, argc, argv);

	if (status >= 0)
		return status;
	if (o.count != 1)
		return wrong_use("export", "one file is needed");
	status = agent_conf_open(&c, o.conf);
	if (status >= 0)
		return status;
	log_quiet(true);
	err = export_to(c, o.words[0], &e, &why);
	conf_free(c);
	if (err)
		fprintf(stderr, "phusong-agent export: %s\n",
			*why.text ? why.text : strerror(-err));
	else
		printf("%s: %" PRIu64 " records in %" PRIu64 " batches\n", o.words[0], e.records,
			e.batches);
	return err ? EXIT_FAILED : EXIT_DONE;
}
