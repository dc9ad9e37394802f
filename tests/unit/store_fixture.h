/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a fresh folder, a probe in it, and records to put there. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "collector/store/store.h"
#include "probes/core/codec.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON (20780LL * STORE_DAY_NS + 12 * 3600 * NS_PER_S) /* 2026-11-23 */

struct shop {
	char folder[64];
	struct store *s;
	struct identity *me;
	struct batch_head head;
	struct store_incoming in;
	struct record r;
	struct buf bytes;
};

static inline void shop_open(struct shop *sh)
{
	struct why why = { "" };

	assert_int_equal(store_open(&sh->s, sh->folder, STORE_WRITE, &why), 0);
}

static inline void shop_new(struct shop *sh)
{
	uint8_t seed[32] = { 7 };
	struct store_probe p = { .role = ROLE_ROAMING };
	struct why why = { "" };

	memset(sh, 0, sizeof(*sh));
	snprintf(sh->folder, sizeof(sh->folder), "/tmp/phusong-store-XXXXXX");
	assert_non_null(mkdtemp(sh->folder));
	shop_open(sh);
	assert_int_equal(identity_from_seed(&sh->me, seed), 0);
	memcpy(sh->head.probe, identity_id(sh->me), PROBE_ID);
	memset(sh->head.boot, 0xb0, sizeof(sh->head.boot));
	probe_id_text(sh->head.probe, p.id);
	assert_int_equal(store_probe_add(sh->s, &p, "test", &why), 0);
	assert_int_equal(store_probe(sh->s, p.id, &p), 0);
	sh->in = (struct store_incoming){ p.number, "", &sh->head, NOON };
	buf_init(&sh->bytes, 1024 * 1024);
}

/* Runs a shell command in the folder. */
static inline void shop_shell(const struct shop *sh, const char *words)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (chdir(sh->folder) == 0)
			execl("/bin/sh", "sh", "-c", words, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void shop_done(struct shop *sh)
{
	store_close(sh->s);
	identity_free(sh->me);
	buf_done(&sh->bytes);
	shop_shell(sh, "rm -rf \"$PWD\"");
}

/* Encodes a heartbeat with this number and time into sh->bytes. */
static inline void shop_record(struct shop *sh, uint64_t seq, int64_t utc_ns)
{
	record_clear(&sh->r, RECORD_ACCESS);
	sh->r.seq = seq;
	sh->r.mono_ns = (int64_t)seq * NS_PER_S;
	sh->r.utc_ns = utc_ns;
	sh->r.state = STATE_OK;
	record_set_bool(&sh->r, FIELD_HEARTBEAT, true);
	buf_clear(&sh->bytes);
	assert_int_equal(codec_encode(&sh->bytes, &sh->r), 0);
}

/* 0 stored, 1 repeated. */
static inline int shop_put(struct shop *sh, uint64_t seq, int64_t utc_ns)
{
	shop_record(sh, seq, utc_ns);
	return store_insert(sh->s, &sh->in, &sh->r, sh->bytes.data, sh->bytes.len, 0);
}

static inline void shop_group(struct shop *sh, uint64_t first, uint64_t last, int64_t utc_ns)
{
	assert_int_equal(store_group_begin(sh->s), 0);
	for (uint64_t seq = first; seq <= last; seq++)
		assert_true(shop_put(sh, seq, utc_ns) >= 0);
	assert_int_equal(store_batch(sh->s, &sh->in, 0), 0);
	assert_int_equal(store_group_commit(sh->s), 0);
}

static inline struct store_custody shop_custody(struct shop *sh)
{
	struct store_custody c;

	assert_int_equal(store_custody(sh->s, sh->in.probe, &c), 0);
	return c;
}

static inline void shop_sound(struct shop *sh, uint64_t records)
{
	struct store_check c;
	struct why why = { "" };
	int err = store_verify(sh->s, &c, &why);

	if (err)
		print_error("%s\n", why.text);
	assert_int_equal(err, 0);
	assert_int_equal(c.raw_records, records);
	assert_int_equal(c.ledger_records, records);
}

#endif
