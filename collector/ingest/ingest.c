/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MESSAGES 4096
#define OUT_BYTES    (4 * 1024 * 1024)

static int start_thread(
	pthread_t *thread, bool *runs, void *(*run)(void *), struct ingest *in, struct why *why)
{
	int err = pthread_create(thread, NULL, run, in);

	*runs = !err;
	return err ? why_say(why, -err, "no thread: %s", strerror(err)) : 0;
}

int ingest_start(struct ingest **out, const struct ingest_options *o, struct why *why)
{
	struct ingest *in = mem_new(sizeof(*in));
	int err;

	in->o = *o;
	err = store_open(&in->store, o->folder, STORE_WRITE, why);
	if (!err)
		err = queue_new(&in->in, o->queue_messages, o->queue_bytes);
	if (!err)
		err = queue_new(&in->out, OUT_MESSAGES, OUT_BYTES);
	if (!err)
		err = brokers_make(in, why);
	if (!err)
		err = start_thread(&in->writer, &in->writer_runs, writer_run, in, why);
	if (!err)
		err = start_thread(&in->talker, &in->talker_runs, talker_run, in, why);
	if (err) {
		ingest_stop(in);
		return err;
	}
	*out = in;
	return 0;
}

void ingest_stop(struct ingest *in)
{
	if (!in)
		return;
	atomic_store(&in->ending, true);
	/* first no more comes in, then the rest is stored; its receipts come when the batches are
	 * sent again */
	if (in->talker_runs)
		pthread_join(in->talker, NULL);
	if (in->in)
		queue_close(in->in);
	if (in->writer_runs)
		pthread_join(in->writer, NULL);
	brokers_free(in);
	queue_free(in->in);
	queue_free(in->out);
	store_close(in->store);
	free(in);
}

const struct ingest_counters *ingest_counters(const struct ingest *in)
{
	return &in->counters;
}

void ingest_state(struct ingest *in, struct ingest_state *out)
{
	*out = (struct ingest_state){ .brokers = in->brokers,
		.queued = queue_count(in->in),
		.queued_bytes = queue_bytes(in->in),
		.queue_room = in->o.queue_messages,
		.queue_bytes_room = in->o.queue_bytes };
	for (size_t i = 0; i < in->brokers; i++)
		out->connected += atomic_load(&in->broker[i].link) == LINK_UP &&
		                  !atomic_load(&in->broker[i].denied);
}
