/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, claims and certificates in the collector's store. */
#include "store_fixture.h"

#include <errno.h>

#define HOUR (3600 * NS_PER_S)

static struct shop sh;
static char probe[PROBE_ID_TEXT];

static int begin(void **state)
{
	(void)state;
	shop_new(&sh);
	probe_id_text(identity_id(sh.me), probe);
	return 0;
}

static int end(void **state)
{
	(void)state;
	shop_done(&sh);
	return 0;
}

static struct store_order run_order(const char *what, int64_t valid_ns)
{
	struct store_order o = { .order = { .action = ORDER_RUN } };
	struct why why = { "" };

	snprintf(o.probe, sizeof(o.probe), "%s", probe);
	snprintf(o.order.what, sizeof(o.order.what), "%s", what);
	o.order.expires_ns = clock_wall() + valid_ns;
	assert_int_equal(store_order_add(sh.s, &o, "somebody", &why), 0);
	return o;
}

struct found {
	size_t n;
	struct store_order o[8];
};

static int keep(void *arg, const struct store_order *o)
{
	struct found *f = arg;

	assert_true(f->n < 8);
	f->o[f->n++] = *o;
	return 0;
}

static struct found due(int64_t now)
{
	struct found f = { 0 };

	assert_int_equal(store_orders_due(sh.s, now, 8, keep, &f), 0);
	return f;
}

static struct store_order look(const struct store_order *o)
{
	struct store_order now;

	assert_int_equal(store_order(sh.s, o->id, &now), 0);
	return now;
}

static int reply(const struct store_order *o, enum reply_state state, const char *word)
{
	struct order_reply r = { .state = (uint8_t)state };

	memcpy(r.probe, o->order.probe, PROBE_ID);
	memcpy(r.id, o->order.id, ORDER_ID);
	snprintf(r.word, sizeof(r.word), "%s", word);
	return store_order_reply(sh.s, &r, clock_wall());
}

static void an_order_is_read_as_it_was_written(void **state)
{
	struct store_order o = { .order = { .action = ORDER_PLAN, .entries = 2 } }, back;
	struct why why = { "" };

	(void)state;
	snprintf(o.probe, sizeof(o.probe), "%s", probe);
	o.order.until_ns = NOON;
	o.order.expires_ns = NOON + 5;
	o.order.entry[0] = (struct order_entry){ "sóng \"4G\"", 60, -1 };
	o.order.entry[1] = (struct order_entry){ "latency", 0, 0 };
	assert_int_equal(store_order_add(sh.s, &o, "somebody", &why), 0);
	assert_int_equal(store_order(sh.s, o.id, &back), 0);
	assert_memory_equal(&o.order, &back.order, sizeof(o.order));
	assert_string_equal(back.actor, "somebody");
	assert_int_equal(back.state, STORE_ORDER_OPEN);
	assert_memory_equal(back.order.probe, identity_id(sh.me), PROBE_ID);
}

static void numbers_ascend_and_ids_differ(void **state)
{
	struct store_order before = run_order("a", HOUR);

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct store_order o = run_order("a", HOUR);

		assert_true(o.order.number > before.order.number);
		assert_memory_not_equal(o.order.id, before.order.id, ORDER_ID);
		before = o;
	}
}

static void an_unknown_or_retired_probe_gets_no_order(void **state)
{
	struct store_order o = { .order = { .action = ORDER_RUN, .what = "a", .expires_ns = 1 } };
	struct why why = { "" };

	(void)state;
	snprintf(o.probe, sizeof(o.probe), "%s", probe);
	o.probe[0] = o.probe[0] == 'a' ? 'b' : 'a';
	assert_int_equal(store_order_add(sh.s, &o, "x", &why), -ENOENT);
	snprintf(o.probe, sizeof(o.probe), "%s", probe);
	o.order.until_ns = 1; /* run has none */
	assert_int_equal(store_order_add(sh.s, &o, "x", &why), -EINVAL);
	o.order.until_ns = 0;
	assert_int_equal(store_probe_retire(sh.s, probe, "x", &why), 0);
	assert_int_equal(store_order_add(sh.s, &o, "x", &why), -EPERM);
}

static void the_oldest_without_an_answer_is_sent_alone(void **state)
{
	struct store_order a = run_order("a", HOUR), b = run_order("b", HOUR);
	int64_t now = clock_wall();
	struct found f = due(now);

	(void)state;
	assert_int_equal(f.n, 1);
	assert_string_equal(f.o[0].id, a.id);
	assert_int_equal(store_order_sent(sh.s, &f.o[0], now), 0);
	assert_int_equal(due(now).n, 0); /* b waits for a, a waits for its answer */
	f = due(now + 61 * NS_PER_S);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.o[0].id, a.id);
	assert_int_equal(store_orders_awake(sh.s, probe), 0);
	assert_int_equal(due(now).n, 1); /* the probe came online */
	assert_int_equal(store_order_sent(sh.s, &f.o[0], now), 0);
	assert_int_equal(reply(&a, REPLY_ACCEPTED, "accepted"), 1);
	f = due(now);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.o[0].id, b.id);
	f = due(now + 2 * HOUR - 1); /* b has expired; how a ended is asked for */
	assert_int_equal(f.n, 1);
	assert_string_equal(f.o[0].id, a.id);
	assert_int_equal(reply(&a, REPLY_DONE, "ok"), 1);
	assert_int_equal(due(now + 2 * HOUR - 1).n, 0);
}

static void pauses_grow_to_an_hour(void **state)
{
	struct store_order o = run_order("a", 30 * STORE_DAY_NS);
	int64_t now = clock_wall();

	(void)state;
	for (int i = 0; i < 12; i++) {
		o = look(&o);
		assert_int_equal(store_order_sent(sh.s, &o, now), 0);
	}
	assert_int_equal(due(now + HOUR - 1).n, 0);
	assert_int_equal(due(now + HOUR).n, 1);
}

static void not_now_is_asked_again_soon(void **state)
{
	struct store_order o = run_order("a", HOUR);
	int64_t now = clock_wall();

	(void)state;
	assert_int_equal(store_order_sent(sh.s, &o, now), 0);
	assert_int_equal(reply(&o, REPLY_LATER, "clock_unknown"), 1);
	assert_int_equal(look(&o).state, REPLY_LATER);
	assert_int_equal(due(now + 4 * NS_PER_S).n, 0);
	assert_int_equal(due(now + 6 * NS_PER_S).n, 1);
}

static void what_is_answered_stays_answered(void **state)
{
	struct store_order o = run_order("a", HOUR), stranger = o;
	int64_t audited;

	(void)state;
	stranger.order.probe[0] ^= 1;
	assert_int_equal(reply(&stranger, REPLY_DONE, "ok"), -ENOENT);
	stranger = o;
	stranger.order.id[0] ^= 1;
	assert_int_equal(reply(&stranger, REPLY_DONE, "ok"), -ENOENT);
	assert_int_equal(reply(&o, REPLY_ACCEPTED, "accepted"), 1);
	assert_int_equal(reply(&o, REPLY_ACCEPTED, "accepted"), 0);
	assert_int_equal(reply(&o, REPLY_LATER, "busy"), 0);
	assert_int_equal(reply(&o, REPLY_DONE, "failed"), 1);
	audited = store_audit_last(sh.s);
	assert_int_equal(reply(&o, REPLY_DONE, "ok"), 0);
	assert_int_equal(reply(&o, REPLY_REFUSED, "replay"), 0);
	assert_string_equal(look(&o).word, "failed");
	assert_int_equal(store_audit_last(sh.s), audited);
}

static void without_an_answer_it_expires_and_a_late_one_still_counts(void **state)
{
	struct store_order o = run_order("a", HOUR), other = run_order("b", 3 * HOUR);

	(void)state;
	assert_int_equal(store_orders_expire(sh.s, clock_wall() + 2 * HOUR), 0);
	assert_int_equal(look(&o).state, STORE_ORDER_EXPIRED);
	assert_int_equal(look(&other).state, STORE_ORDER_OPEN);
	assert_int_equal(reply(&o, REPLY_DONE, "ok"), 1);
	assert_int_equal(look(&o).state, REPLY_DONE);
}

/* --- claims and certificates --- */
static struct store_claim claim(const char *name)
{
	struct store_claim c = {
		.role = ROLE_ROAMING, .created_ns = NOON, .expires_ns = NOON + HOUR
	};
	struct why why = { "" };

	snprintf(c.name, sizeof(c.name), "%s", name);
	memset(c.hash, 7, sizeof(c.hash));
	assert_int_equal(store_claim_add(sh.s, &c, "somebody", &why), 0);
	return c;
}

static struct store_certificate certificate(const char *of, const char *serial)
{
	struct store_certificate c = {
		.issued_ns = NOON, .expires_ns = NOON + 9 * HOUR, .pem = "PEM"
	};

	snprintf(c.probe, sizeof(c.probe), "%s", of);
	snprintf(c.serial, sizeof(c.serial), "%s", serial);
	return c;
}

static void a_claim_is_used_by_one_probe(void **state)
{
	struct store_claim c = claim("AB12"), back;
	struct store_certificate mine = certificate(probe, "01"), more = certificate(probe, "02"),
				 foreign = certificate("aaaaaaaaaaaaaaaaaaaaaaaaaa", "03");
	struct store_probe p;
	struct why why = { "" };

	(void)state;
	assert_int_equal(store_claim(sh.s, "AB12", &back), 0);
	assert_memory_equal(back.hash, c.hash, STORE_HASH);
	assert_int_equal(back.used_ns, 0);
	assert_int_equal(store_claim_use(sh.s, &c, &foreign, &why), 0);
	assert_int_equal(store_probe(sh.s, foreign.probe, &p), 0);
	assert_int_equal(store_claim_use(sh.s, &c, &mine, &why), -EPERM);
	assert_int_equal(store_claim_withdraw(sh.s, "AB12", "x", &why), -EPERM);
	c = claim("CD34");
	assert_int_equal(store_claim_use(sh.s, &c, &mine, &why), 0);
	assert_int_equal(store_claim_use(sh.s, &c, &more, &why), 0); /* the same probe again */
	c = claim("EF56");
	assert_int_equal(store_claim_withdraw(sh.s, "EF56", "x", &why), 0);
	assert_int_equal(store_claim_use(sh.s, &c, &foreign, &why), -ENOENT);
	snprintf(c.name, sizeof(c.name), "CD34");
	assert_int_equal(store_claim_add(sh.s, &c, "x", &why), -EEXIST);
	snprintf(c.hamlet, sizeof(c.hamlet), "nowhere");
	assert_int_equal(store_claim_add(sh.s, &c, "x", &why), -ENOENT);
}

static int count(void *arg, const struct store_certificate *c)
{
	(void)c;
	(*(int *)arg)++;
	return 0;
}

static void certificates_are_found_until_they_are_revoked_or_expire(void **state)
{
	struct store_claim c = claim("AB12");
	struct store_certificate first = certificate(probe, "01"),
				 second = certificate(probe, "02"), out;
	struct why why = { "" };
	uint64_t revoked;
	struct buf pem;
	int n = 0;

	(void)state;
	second.issued_ns++;
	second.pem = "NEWER";
	assert_int_equal(store_claim_use(sh.s, &c, &first, &why), 0);
	assert_int_equal(store_claim_use(sh.s, &c, &second, &why), 0);
	buf_init(&pem, 1000);
	assert_int_equal(store_certificate(sh.s, probe, NOON, &out, &pem), 0);
	assert_string_equal(buf_text(&pem), "NEWER");
	assert_string_equal(out.serial, "02");
	assert_int_equal(store_certificate(sh.s, probe, NOON + 9 * HOUR, &out, &pem), -ENOENT);
	assert_int_equal(store_certificates(sh.s, NULL, true, count, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_certificates_revoke(sh.s, probe, NOON, "x", &revoked), 0);
	assert_int_equal(revoked, 2);
	assert_int_equal(store_certificate(sh.s, probe, NOON, &out, &pem), -ENOENT);
	assert_int_equal(store_certificates(sh.s, NULL, true, count, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(store_certificates_revoke(sh.s, probe, NOON, "x", &revoked), 0);
	assert_int_equal(revoked, 0);
	buf_done(&pem);
}

static void a_store_from_before_gets_the_new_tables(void **state)
{
	struct store_order o;

	(void)state;
	store_close(sh.s);
	shop_shell(&sh,
		"sqlite3 meta.db 'DROP TABLE orders; DROP TABLE claim; DROP TABLE certificate;'");
	shop_open(&sh);
	o = run_order("a", HOUR);
	assert_int_equal(look(&o).state, STORE_ORDER_OPEN);
	shop_sound(&sh, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(an_order_is_read_as_it_was_written),
		T(numbers_ascend_and_ids_differ),
		T(an_unknown_or_retired_probe_gets_no_order),
		T(the_oldest_without_an_answer_is_sent_alone),
		T(pauses_grow_to_an_hour),
		T(not_now_is_asked_again_soon),
		T(what_is_answered_stays_answered),
		T(without_an_answer_it_expires_and_a_late_one_still_counts),
		T(a_claim_is_used_by_one_probe),
		T(certificates_are_found_until_they_are_revoked_or_expire),
		T(a_store_from_before_gets_the_new_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
