/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"
#include "command.h"
#include "control.h"
#include "doctor.h"
#include "journal_look.h"
#include "status_document.h"
#include "../probes/core/child.h"
#include "../probes/core/codec.h"
#include "../probes/core/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <json-c/json.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define CONF_MAX   (256 << 10)
#define LOG_MAX    (256 << 10)
#define LOG_NS     (10 * NS_PER_S)
#define READ_BYTES (32 << 10)

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_object_new_string(text) : NULL);
}

/* Each line of the text as an element; empty ones are none. */
static struct json_object *lines_of(const char *text)
{
	struct json_object *list = json_object_new_array();

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			json_object_array_add(list, json_object_new_string_len(text, (int)n));
		text += n + (text[n] == '\n');
	}
	return list;
}

/* --- versions ------------------------------------------------------------------------------------------------ */
static void put_system(struct json_object *o)
{
	FILE *f = fopen("/etc/os-release", "re");
	char line[256], name[200];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "PRETTY_NAME=\"%199[^\"]", name) == 1)
			put_text(o, "system", name);
	if (f)
		fclose(f);
}

struct json_object *bundle_versions(void)
{
	struct json_object *o = json_object_new_object();
	struct utsname u;

	put_text(o, "agent", phusong_version);
	put_system(o);
	if (!uname(&u)) { /* its nodename is a name that somebody gave */
		put_text(o, "kernel", u.release);
		put_text(o, "machine", u.machine);
	}
	return o;
}

/* --- interfaces: names, what kind of addresses, traffic; neither addresses nor hardware ------------------------ */
static const char *kind_of(const struct sockaddr *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;
	uint32_t v4;

	if (!a)
		return NULL;
	if (a->sa_family == AF_INET) {
		v4 = ntohl(four->sin_addr.s_addr);
		return v4 >> 24 == 127      ? "IPv4 loopback"
		       : v4 >> 16 == 0xa9fe ? "IPv4 link-local"
		       : v4 >> 22 == 0x191  ? "IPv4 CGNAT"
		       : v4 >> 24 == 10 || v4 >> 20 == 0xac1 || v4 >> 16 == 0xc0a8 ? "IPv4 private"
		                                                                   : "IPv4 public";
	}
	if (a->sa_family != AF_INET6)
		return NULL;
	if (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr))
		return "IPv6 loopback";
	if (IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
		return "IPv6 link-local";
	return (six->sin6_addr.s6_addr[0] & 0xfe) == 0xfc ? "IPv6 unique local" : "IPv6 global";
}

static struct json_object *interface_named(struct json_object *list, const struct ifaddrs *i)
{
	struct json_object *o, *name;
	struct traffic t;

	for (size_t k = 0; k < json_object_array_length(list); k++) {
		o = json_object_array_get_idx(list, k);
		if (json_object_object_get_ex(o, "name", &name) &&
			!strcmp(json_object_get_string(name), i->ifa_name))
			return o;
	}
	o = json_object_new_object();
	put_text(o, "name", i->ifa_name);
	json_object_object_add(o, "up", json_object_new_boolean(i->ifa_flags & IFF_UP));
	json_object_object_add(o, "running", json_object_new_boolean(i->ifa_flags & IFF_RUNNING));
	json_object_object_add(o, "addresses", json_object_new_array());
	if (!traffic_read(i->ifa_name, &t)) {
		json_object_object_add(o, "received", json_object_new_int64((int64_t)t.down));
		json_object_object_add(o, "sent", json_object_new_int64((int64_t)t.up));
	}
	json_object_array_add(list, o);
	return o;
}

struct json_object *bundle_interfaces(void)
{
	struct json_object *list = json_object_new_array(), *o, *addresses;
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all))
		return list;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		const char *kind = kind_of(i->ifa_addr);

		o = interface_named(list, i);
		if (kind && json_object_object_get_ex(o, "addresses", &addresses))
			json_object_array_add(addresses, json_object_new_string(kind));
	}
	freeifaddrs(all);
	return list;
}

/* --- configuration ---------------------------------------------------------------------------------------------- */
static void read_file(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	if (f)
		fclose(f);
}

/* The meanings behind the values are in the man page. */
static void without_comments(struct buf *text)
{
	char *to = (char *)text->data, *from = to;
	bool quoted = false;

	while (from && *from) {
		if (*from == '"')
			quoted = !quoted;
		if (*from == '#' && !quoted) {
			from += strcspn(from, "\n");
			while (to > (char *)text->data && (to[-1] == ' ' || to[-1] == '\t'))
				to--;
			continue;
		}
		if (*from == '\n')
			quoted = false;
		*to++ = *from++;
	}
	if (to) {
		*to = 0;
		text->len = (size_t)(to - (char *)text->data);
	}
}

/* The password stands in a file of its own. */
static void know_password(const struct conf *c, struct mask *m)
{
	const char *path = settings_text(conf_section(c, "uplink"), "password_file");
	struct buf text;

	buf_init(&text, CONF_MAX);
	if (*path)
		read_file(&text, path);
	mask_know(m, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
	buf_done(&text);
}

struct json_object *bundle_configuration(const struct conf *c, const char *path, struct mask *m)
{
	struct json_object *lines;
	struct buf text, masked;

	buf_init(&text, CONF_MAX);
	buf_init(&masked, 2 * CONF_MAX);
	if (c) {
		know_password(c, m);
		conf_print(&text, c);
		without_comments(&text);
	} else {
		read_file(&text, path);
	}
	mask_config(m, &masked, buf_text(&text));
	lines = lines_of(buf_text(&masked));
	buf_done(&text);
	buf_done(&masked);
	return lines;
}

/* --- status and doctor --------------------------------------------------------------------------------------------- */
struct json_object *bundle_status(const struct conf *c)
{
	struct json_object *o = NULL;
	struct why why = { "" };
	char path[STATE_PATH];
	struct data d;
	int err = control_ask(&o, state_path(c, CONTROL_SOCKET, path));

	if (!err && json_object_is_type(o, json_type_object)) {
		data_of(&d, c, o);
		status_complete(o, &d);
		return o;
	}
	json_object_put(o);
	if (err == -ENOENT || err == -ECONNREFUSED)
		err = status_rest_document(&o, &d, c, &why);
	return err ? json_object_new_string(*why.text ? why.text : strerror(-err)) : o;
}

struct json_object *bundle_doctor(const struct conf *c, bool vietnamese)
{
	struct json_object *list = json_object_new_array();
	struct visit *v = mem_new(sizeof(*v));
	struct why why = { "" };

	if (doctor_visit(v, c, vietnamese, &why)) {
		json_object_array_add(list, json_object_new_string(why.text));
	} else {
		doctor_walk(v, NULL, NULL);
		for (enum step s = 0; s < STEPS; s++)
			json_object_array_add(list, doctor_json(v, s));
		doctor_leave(v);
	}
	free(v);
	return list;
}

/* --- records -------------------------------------------------------------------------------------------------------- */
static void put_records(
	struct json_object *list, const struct batch_head *head, const struct buf *b)
{
	const uint8_t *at = b->data, *end = at + b->len;
	struct record *r = mem_new(sizeof(*r));
	size_t used;

	while (at < end) {
		int err = codec_decode(r, at, (size_t)(end - at), &used, NULL);

		if (!used)
			break;
		at += used;
		if (err)
			continue;
		if (r->utc_ns == UTC_UNKNOWN)
			r->utc_ns = batch_utc(head, r->mono_ns, NULL, NULL);
		json_object_array_add(list, codec_json(r));
	}
	free(r);
}

struct json_object *bundle_records(const struct conf *c)
{
	struct json_object *list = json_object_new_array();
	struct journal_stats stats;
	struct journal *j = NULL;
	struct batch_head head;
	struct buf records;
	uint64_t after, last = 0;

	if (journal_look(&j, c, NULL, NULL))
		return list;
	journal_stats(j, &stats);
	after = stats.next_seq > BUNDLE_RECORDS ? stats.next_seq - 1 - BUNDLE_RECORDS : 0;
	buf_init(&records, READ_BYTES + RECORD_BYTES_MAX);
	for (;;) {
		buf_clear(&records);
		memset(&head, 0, sizeof(head));
		if (journal_read(j, after, BUNDLE_RECORDS, READ_BYTES, &head, &records, &last) <= 0)
			break;
		put_records(list, &head, &records);
		after = last;
	}
	buf_done(&records);
	journal_close(j);
	return list;
}

/* --- the log ------------------------------------------------------------------------------------------------------------ */
struct reading {
	struct loop *loop;
	struct json_object *lines;
};

static void read_log(void *arg, const struct child_result *r)
{
	struct reading *l = arg;

	if (!r->err && !r->exit_status && r->out_len && strncmp(r->out, "-- No entries", 13) != 0)
		l->lines = lines_of(r->out);
	loop_stop(l->loop, 0);
}

struct json_object *bundle_log(void)
{
	static const char *const journal[] = { "journalctl", "-u", "phusong-agent", "-n", "200",
		"-o", "short-iso", "--no-hostname", "--no-pager", "-q", NULL };
	static const char *const openwrt[] = { "logread", "-l", "200", "-e", "phusong", NULL };
	static const char *const *const programs[] = { journal, openwrt };
	struct reading l = { .loop = NULL };
	struct child *child;

	if (loop_new(&l.loop))
		return NULL;
	for (size_t i = 0; i < COUNT(programs) && !l.lines; i++)
		if (!child_start(&child, l.loop, programs[i], LOG_NS, LOG_MAX, read_log, &l))
			(void)!loop_run(l.loop);
	loop_free(l.loop);
	return l.lines;
}
