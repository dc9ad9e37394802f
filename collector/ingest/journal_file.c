/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that come without a broker: an agent's export on a stick, and the quarantine. */
#include "intake.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC         "PSX1\n"
#define GROUP_BATCHES 16 /* batches in a commit */

struct reading {
	struct intake *in;
	struct intake_result result;
	uint8_t *bytes; /* BATCH_BYTES_MAX */
	struct intake_file sum;
	unsigned in_group;
};

static int group_step(struct reading *r, bool last)
{
	int err = 0;

	if (r->in_group && (last || r->in_group == GROUP_BATCHES)) {
		err = store_group_commit(r->in->store);
		r->in_group = 0;
	}
	return err;
}

static int one(struct reading *r, size_t n)
{
	struct intake_file *sum = &r->sum;
	int err = r->in_group ? 0 : store_group_begin(r->in->store);

	if (!err)
		err = intake_batch(r->in, NULL, r->bytes, n, clock_wall(), &r->result);
	if (err)
		return err;
	r->in_group++;
	sum->batches++;
	sum->stored += r->result.stored;
	sum->repeated += r->result.repeated;
	sum->rejected += r->result.rejected;
	sum->quarantined += r->result.taken == TAKEN_QUARANTINED;
	sum->waiting += r->result.taken == TAKEN_WAITING;
	return group_step(r, false);
}

/* A stick pulled out too early leaves a cut tail: what is whole before it is taken in. */
static int all(struct reading *r, FILE *f)
{
	uint8_t length[4];
	uint32_t n;
	size_t got;
	int err = 0;

	while (!err && (got = fread(length, 1, sizeof(length), f)) > 0) {
		n = (uint32_t)length[0] << 24 | (uint32_t)length[1] << 16 |
		    (uint32_t)length[2] << 8 | length[3];
		if (got < sizeof(length) || n > BATCH_BYTES_MAX) {
			r->sum.cut += got;
			break;
		}
		got = fread(r->bytes, 1, n, f);
		if (got < n) {
			r->sum.cut += sizeof(length) + got;
			break;
		}
		err = one(r, n);
	}
	while (!err && (got = fread(r->bytes, 1, BATCH_BYTES_MAX, f)) > 0)
		r->sum.cut += got;
	if (!err)
		err = group_step(r, true);
	if (err)
		store_group_abort(r->in->store);
	return err;
}

int intake_journal(struct intake *in, const char *path, struct intake_file *out, struct why *why)
{
	struct reading *r = NULL;
	char magic[sizeof(MAGIC)];
	FILE *f = fopen(path, "rbe");
	int err;

	if (!f)
		return why_say(why, -errno, "%s: %s", path, strerror(errno));
	if (fread(magic, 1, sizeof(MAGIC) - 1, f) != sizeof(MAGIC) - 1 ||
		memcmp(magic, MAGIC, sizeof(MAGIC) - 1) != 0) {
		err = why_say(why, -EBADMSG,
			"%s: not an export of phusong-agent (it does not begin with PSX1)", path);
		goto out;
	}
	r = mem_new(sizeof(*r));
	r->in = in;
	r->bytes = mem_new(BATCH_BYTES_MAX);
	err = all(r, f);
	if (err)
		why_say(why, err, "%s: %s after %llu batches: %s", path, strerror(-err),
			(unsigned long long)r->sum.batches, store_problem(in->store));
	else
		*out = r->sum;
	free(r->bytes);
	free(r);
out:
	fclose(f);
	return err;
}

/* --- the quarantine --- */

static int replay_one(struct intake *in, const struct store_suspect *q, const struct buf *bytes,
	struct intake_result *result)
{
	int err = store_group_begin(in->store);

	if (err)
		return err;
	err = intake_batch(in, NULL, bytes->data, bytes->len, q->received_ns, result);
	if (!err && result->taken == TAKEN)
		err = store_suspect_drop(in->store, q->number);
	if (!err)
		err = store_group_commit(in->store);
	store_group_abort(in->store); /* nothing when it was committed */
	return err;
}

int intake_replay(struct intake *in, uint64_t *batches)
{
	struct intake_result *result = mem_new(sizeof(*result));
	struct store_suspect q = { .number = 0 };
	struct buf bytes;
	uint64_t done = 0;
	int err;

	buf_init(&bytes, BATCH_BYTES_MAX);
	in->replaying = true;
	while (!(err = store_suspect_waiting(in->store, q.number, &q, &bytes)) &&
		!(err = replay_one(in, &q, &bytes, result)))
		done += result->taken == TAKEN;
	in->replaying = false;
	buf_done(&bytes);
	free(result);
	if (err != -ENOENT)
		return err;
	*batches = done;
	return 0;
}
