/* SPDX-License-Identifier: Apache-2.0 */
/* Names and units as Prometheus has them: base units, _total for counters (prometheus.io, "Metric and label
 * naming"); the format is "Exposition formats", text 0.0.4, without time stamps, which the collector refuses. */
#include "textfile.h"
#include "../probes/core/buf.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (256 << 10)
#define PREFIX   "phusong_agent_"

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* The labels' names are ours, their values may be anybody's. */
static void put_value(struct buf *b, const char *text)
{
	for (; *text; text++)
		if (*text == '\\' || *text == '"')
			buf_printf(b, "\\%c", *text);
		else if (*text == '\n')
			buf_puts(b, "\\n");
		else
			buf_put(b, text, 1);
}

/* labels: name, value, ..., NULL; may be NULL. */
static void sample(struct buf *b, const char *name, const char *const labels[], double v)
{
	buf_puts(b, PREFIX);
	buf_puts(b, name);
	for (size_t i = 0; labels && labels[i]; i += 2) {
		buf_printf(b, "%s%s=\"", i ? "," : "{", labels[i]);
		put_value(b, labels[i + 1]);
		buf_puts(b, "\"");
	}
	buf_printf(b, "%s %.17g\n", labels && labels[0] ? "}" : "", v);
}

static void gauge(struct buf *b, const char *name, const char *help, double v)
{
	head(b, name, "gauge", help);
	sample(b, name, NULL, v);
}

static void counter(struct buf *b, const char *name, const char *help, uint64_t v)
{
	head(b, name, "counter", help);
	sample(b, name, NULL, (double)v);
}

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* --- parts --------------------------------------------------------------------------------------------------- */
static void put_agent(struct buf *b, const struct textfile_facts *f)
{
	const char *modem = record_text(f->signal, FIELD_MODEM);

	head(b, "info", "gauge", "Always 1; the labels tell which probe this is.");
	sample(b, "info",
		LABELS("probe", f->probe, "version", f->version, "modem", modem ? modem : ""), 1);
	gauge(b, "simulated", "1 when modem or link are simulated.", f->simulated);
	gauge(b, "running_seconds", "Time since the agent started.", (double)f->running_s);
	head(b, "state", "gauge", "1 for the access state that holds now, 0 for the others.");
	for (int i = 0; i < ACCESS_STATES; i++)
		sample(b, "state", LABELS("state", access_state_name[i]), (int)f->state == i);
	gauge(b, "state_age_seconds", "How long that state has held.", (double)f->state_s);
	if (f->clock.source != CLOCK_NONE && f->clock.utc_ns != UTC_UNKNOWN)
		gauge(b, "state_since_timestamp_seconds", "When that state began, Unix time.",
			(double)(f->clock.utc_ns / NS_PER_S - f->state_s));
}

static void put_uplink(struct buf *b, const struct textfile_facts *f)
{
	const struct uplink_status *u = f->uplink;

	if (!f->has_broker)
		return;
	gauge(b, "uplink_connected", "1 while a broker is connected.", u->connected);
	if (u->last_receipt_mono)
		gauge(b, "receipt_age_seconds", "Time since the collector's newest receipt.",
			(double)(f->mono_ns - u->last_receipt_mono) / NS_PER_S);
	counter(b, "receipts_total", "Receipts of the collector.", u->receipts);
	counter(b, "batches_sent_total", "Batches handed to the broker.", u->batches_sent);
	counter(b, "batches_resent_total", "Of these, sent again for want of a receipt.",
		u->resent);
	counter(b, "batches_refused_total", "Batches that the broker refused.", u->refused);
	counter(b, "sent_bytes_total", "Bytes of all batches.", u->bytes_sent);
}

static void put_journal(struct buf *b, const struct journal_stats *j)
{
	gauge(b, "journal_waiting_records", "Records that wait for a receipt.", (double)j->waiting);
	gauge(b, "journal_size_bytes", "The same in bytes on flash.", (double)j->bytes);
	gauge(b, "journal_failing", "1 while the medium cannot be written.", j->medium != 0);
	counter(b, "journal_written_bytes_total", "Bytes the journal wrote to flash.", j->written);
	counter(b, "journal_dropped_records_total",
		"Records that had to be dropped; gap records tell which.", j->dropped);
}

static void put_budget(struct buf *b, const struct budget *d)
{
	gauge(b, "budget_used_bytes", "Traffic of this month, by the interface's own counters.",
		(double)d->used);
	if (!d->limit)
		return;
	gauge(b, "budget_limit_bytes", "The month's data allowance.", (double)d->limit);
	gauge(b, "budget_reserve_bytes", "Part of it that is kept for sending results.",
		(double)d->reserve);
}

static void put_signal(struct buf *b, const struct textfile_facts *f)
{
	static const struct {
		enum field field;
		const char *name, *help;
	} values[] = {
		{ FIELD_RSRP, "signal_rsrp_dbm", "RSRP, or SS-RSRP of NR standalone." },
		{ FIELD_RSRQ, "signal_rsrq_db", "RSRQ or SS-RSRQ." },
		{ FIELD_SINR, "signal_sinr_db", "SINR or SS-SINR." },
		{ FIELD_RSSI, "signal_rssi_dbm", "RSSI." },
		{ FIELD_NR_RSRP, "signal_nr_rsrp_dbm", "SS-RSRP of the NR leg of EN-DC." },
		{ FIELD_RSCP, "signal_rscp_dbm", "RSCP of WCDMA." },
		{ FIELD_RXLEV, "signal_rxlev_dbm", "RxLev of GSM." },
	};
	const char *rat = record_text(f->signal, FIELD_RAT),
		   *plmn = record_text(f->signal, FIELD_PLMN);

	if (!f->signal->kind)
		return;
	gauge(b, "signal_age_seconds", "Time since the newest round of the modem.",
		(double)(f->mono_ns - f->signal->mono_ns) / NS_PER_S);
	if (record_has(f->signal, FIELD_ERROR))
		return;
	for (size_t i = 0; i < COUNT(values); i++) {
		if (!record_has(f->signal, values[i].field))
			continue;
		head(b, values[i].name, "gauge", values[i].help);
		sample(b, values[i].name, LABELS("rat", rat ? rat : "", "plmn", plmn ? plmn : ""),
			record_real(f->signal, values[i].field, 0));
	}
}

/* --- tests ------------------------------------------------------------------------------------------------- */
static void put_count(
	struct buf *b, const struct schedule *s, const char *name, const char *help, size_t offset)
{
	head(b, name, "counter", help);
	for (size_t i = 0; i < schedule_count(s); i++) {
		struct schedule_entry e;
		uint64_t v;

		schedule_entry(s, i, &e);
		memcpy(&v, (const char *)&e.counts + offset, sizeof(v));
		sample(b, name, LABELS("test", e.name, "kind", e.kind), (double)v);
	}
}

/* One line for each test of this kind whose newest record has the field. */
static void put_last(struct buf *b, const struct textfile_facts *f, const char *name,
	const char *help, double (*value)(const struct record *r))
{
	bool begun = false;

	for (size_t i = 0; i < schedule_count(f->schedule); i++) {
		const struct record *r = &f->last[i];
		const char *target = record_text(r, FIELD_TARGET);
		struct schedule_entry e;
		double v = r->kind ? value(r) : NAN;

		if (isnan(v))
			continue;
		if (!begun)
			head(b, name, "gauge", help);
		begun = true;
		schedule_entry(f->schedule, i, &e);
		sample(b, name, LABELS("test", e.name, "target", target ? target : ""), v);
	}
}

static double rtt(const struct record *r)
{
	return record_has(r, FIELD_RTT_P50_US) ? record_real(r, FIELD_RTT_P50_US, 0) / 1e6 : NAN;
}

static double loss(const struct record *r)
{
	double sent = (double)record_int(r, FIELD_SENT, 0);

	return sent > 0 && record_has(r, FIELD_RECEIVED)
	               ? (sent - (double)record_int(r, FIELD_RECEIVED, 0)) / sent
	               : NAN;
}

static double rate(const struct record *r)
{
	return record_has(r, FIELD_RATE_BPS) ? (double)record_int(r, FIELD_RATE_BPS, 0) : NAN;
}

static void put_tests(struct buf *b, const struct textfile_facts *f)
{
	if (!schedule_count(f->schedule))
		return;
	put_count(b, f->schedule, "test_runs_total", "Runs of each test.",
		offsetof(struct schedule_counts, invocations));
	put_count(b, f->schedule, "test_failures_total", "Runs that could not be made.",
		offsetof(struct schedule_counts, failures));
	put_count(b, f->schedule, "test_overlaps_total",
		"Runs left out because the one before went on.",
		offsetof(struct schedule_counts, overlaps));
	put_count(b, f->schedule, "test_suppressions_total",
		"Runs left out because of allowance or a busy line.",
		offsetof(struct schedule_counts, suppressions));
	put_last(b, f, "rtt_seconds", "Median round trip of the newest run.", rtt);
	put_last(b, f, "loss_ratio", "Share of packets lost in the newest run.", loss);
	put_last(b, f, "rate_bits_per_second", "Rate of the newest run.", rate);
}

static void put_clock(struct buf *b, const struct clock_state *k)
{
	head(b, "clock_source", "gauge", "1 for the source of the time, 0 for the others.");
	for (int i = 0; i < CLOCK_SOURCES; i++)
		sample(b, "clock_source", LABELS("source", clock_source_name[i]),
			(int)k->source == i);
	if (k->source != CLOCK_NONE && k->error_us >= 0)
		gauge(b, "clock_error_seconds", "Estimated error of the time.",
			(double)k->error_us / 1e6);
}

void textfile_put(struct buf *out, const struct textfile *t, const struct textfile_facts *f)
{
	put_agent(out, f);
	put_uplink(out, f);
	put_journal(out, &f->uplink->journal);
	put_budget(out, f->budget);
	put_signal(out, f);
	put_tests(out, f);
	put_clock(out, &f->clock);
	if (!isnan(f->temperature_c))
		gauge(out, "temperature_celsius", "Hottest thermal zone, at the newest look.",
			f->temperature_c);
	counter(out, "textfile_writes_total", "How often this file was written before.", t->writes);
	counter(out, "textfile_written_bytes_total", "The same in bytes.", t->bytes);
}

/* --- the file ------------------------------------------------------------------------------------------------ */
bool textfile_due(const struct textfile *t, int64_t now_ns)
{
	return *t->path && now_ns >= t->due_ns;
}

static int write_beside(const char *fresh, const struct buf *text)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;
	size_t done = 0;

	if (fd < 0)
		return -errno;
	/* another user reads it, whatever our umask */
	if (fchmod(fd, 0644))
		err = -errno;
	while (!err && done < text->len) {
		ssize_t w = write(fd, text->data + done, text->len - done);

		if (w > 0)
			done += (size_t)w;
		else if (w == 0 || errno != EINTR)
			err = w ? -errno : -EIO;
	}
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* No fsync, which might wait for a medium: after a power cut the file is made anew. */
int textfile_write(struct textfile *t, const struct textfile_facts *f, int64_t now_ns)
{
	char fresh[sizeof(t->path) + 8];
	struct buf text;
	int err;

	buf_init(&text, TEXT_MAX);
	textfile_put(&text, t, f);
	snprintf(fresh, sizeof(fresh), "%s.new", t->path); /* *.prom alone is read */
	err = text.err ? text.err : write_beside(fresh, &text);
	if (!err && rename(fresh, t->path))
		err = -errno;
	if (err)
		unlink(fresh);
	t->due_ns = now_ns + t->every_ns;
	t->err = err;
	if (!err) {
		t->writes++;
		t->bytes += text.len;
	}
	buf_done(&text);
	return err;
}

void textfile_end(struct textfile *t)
{
	if (*t->path && t->writes)
		unlink(t->path);
}
