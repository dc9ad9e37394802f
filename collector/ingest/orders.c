/* SPDX-License-Identifier: Apache-2.0 */
/* Orders out, replies in.  What is to be sent lies in the store, where `phusong-collector order` puts it: so it
 * survives a restart, and this process alone needs the key that signs.
 *
 * Orders are sent again until they are answered, and not retained at the broker: a retained one would come to the
 * probe at every connection until somebody took it away, and a topic holds only one. */
#include "inside.h"
#include "../../probes/core/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 64

struct sending {
	struct ingest *in;
	struct store_order *list[AT_ONCE];
	size_t n;
};

static int keep(void *arg, const struct store_order *o)
{
	struct sending *s = arg;
	struct store_order *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *o;
	s->list[s->n++] = copy;
	return 0;
}

/* True when at least one broker is to carry it. */
static bool hand_over(struct ingest *in, const struct store_order *o, int64_t now_ns)
{
	int64_t left_s = (o->order.expires_ns - now_ns) / NS_PER_S;
	uint32_t expiry = htonl((uint32_t)(left_s > 1 ? left_s : 1));
	char topic[TOPIC_MAX];
	struct buf b;
	bool handed = false;
	int err;

	topic_make(o->order.probe, "order", topic);
	buf_init(&b, ORDER_BYTES_MAX + TOPIC_MAX);
	buf_put(&b, topic, strlen(topic) + 1);
	buf_put(&b, &expiry, sizeof(expiry));
	err = order_seal(&b, &o->order, in->o.identity);
	if (err)
		log_error("ingest", "order %s cannot be made: %s", o->id, strerror(-err));
	for (size_t i = 0; !err && i < in->brokers; i++)
		if (atomic_load(&in->broker[i].link) == LINK_UP &&
			!queue_put(in->out, MESSAGE_TAG(MESSAGE_ORDER, i), b.data, b.len))
			handed = true;
	buf_done(&b);
	return handed;
}

static bool any_link(struct ingest *in)
{
	for (size_t i = 0; i < in->brokers; i++)
		if (atomic_load(&in->broker[i].link) == LINK_UP)
			return true;
	return false;
}

void orders_send(struct ingest *in)
{
	struct sending s = { .in = in };
	int64_t now = clock_wall();
	int err = store_orders_expire(in->store, now);

	if (!err && any_link(in))
		err = store_orders_due(in->store, now, AT_ONCE, keep, &s);
	for (size_t i = 0; i < s.n; i++) {
		if (!err && hand_over(in, s.list[i], now))
			err = store_order_sent(in->store, s.list[i], now);
		free(s.list[i]);
	}
	if (err)
		log_warn("ingest", "orders cannot be sent: %s (%s)", strerror(-err),
			store_problem(in->store));
}

int orders_take_reply(struct ingest *in, const char *topic, const uint8_t *bytes, size_t n)
{
	uint8_t named[PROBE_ID];
	char probe[PROBE_ID_TEXT], id[ORDER_ID_TEXT];
	struct order_reply r;
	struct why why = { "" };
	const char *leaf;
	int err = reply_open(&r, bytes, n, &why);

	if (!err && (topic_parse(topic, named, &leaf) < 0 || memcmp(named, r.probe, PROBE_ID)))
		err = why_say(&why, -EPERM, "the topic's probe is not the signer");
	if (!err) {
		err = store_order_reply(in->store, &r, clock_wall());
		if (err == -ENOENT)
			why_say(&why, err, "there is no such order to this probe");
		else if (err < 0)
			return err; /* of the store: the group fails; the order is sent again and answered again */
	}
	if (err < 0) {
		COUNT_UP(&in->counters, replies_false, 1);
		log_debug("ingest", "%s: a reply is not taken in: %s", topic, why.text);
		return 0;
	}
	COUNT_UP(&in->counters, replies, 1);
	if (err)
		log_info("ingest", "order %s to %s: %s %s", probe_id_text(r.id, id),
			probe_id_text(r.probe, probe), reply_state_name[r.state], r.word);
	return 0;
}
