/* SPDX-License-Identifier: Apache-2.0 */
/* What the reflector is told: a table of commands, a table of settings. */
#include "options.h"
#include "../core/log.h"
#include "../core/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONF_FILE    "/etc/phusong/reflector.conf"
#define PROBLEMS_MAX (64 << 10)

extern const char phusong_version[];

static const struct setting top_settings[] = {
	{ "user", SETTING_TEXT, 0, 32, "", "", NULL, "becomes this user once the ports are bound" },
	{ 0 },
};

static const struct setting stamp_settings[] = {
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "answer STAMP packets" },
	{ "address", SETTING_TEXT, 0, 64, "", "", NULL,
		"only at this address; \"\" is any, both families" },
	{ "port", SETTING_INT, 1, 65535, "862", "", NULL, "UDP port (RFC 8762: 862)" },
	{ "sessions", SETTING_INT, 64, 4000000, "65536", "", NULL, "sessions remembered at most" },
	{ "session_s", SETTING_INT, 10, 86400, "300", "s", NULL,
		"a session unused for so long begins anew" },
	{ "source_pps", SETTING_INT, 1, 1000000, "2000", "1/s", NULL,
		"packets of one IPv4 address or IPv6 /64" },
	{ "overall_pps", SETTING_INT, 1, 10000000, "50000", "1/s", NULL,
		"packets of all together" },
	{ "key", SETTING_TEXT, 0, STAMP_KEY_MAX, "", "", NULL,
		"shared secret: only authenticated packets are answered" },
	{ 0 },
};

static const struct setting http_settings[] = {
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "serve throughput tests" },
	{ "address", SETTING_TEXT, 0, 64, "", "", NULL,
		"only at this address; \"\" is any, both families" },
	{ "port", SETTING_INT, 0, 65535, "8080", "", NULL, "TCP port for HTTP; 0: none" },
	{ "tls_port", SETTING_INT, 0, 65535, "0", "", NULL, "TCP port for HTTPS; 0: none" },
	{ "certificate", SETTING_TEXT, 0, 255, "", "", NULL,
		"PEM file with the chain, for tls_port" },
	{ "certificate_key", SETTING_TEXT, 0, 255, "", "", NULL, "PEM file with its key" },
	{ "transfer_mb", SETTING_INT, 1, 100000, "200", "MB", NULL, "one transfer moves no more" },
	{ "transfer_s", SETTING_INT, 1, 3600, "30", "s", NULL, "and lasts no longer" },
	{ "transfers", SETTING_INT, 1, 10000, "64", "", NULL, "transfers at the same time" },
	{ "client_transfers", SETTING_INT, 1, 1000, "16", "", NULL,
		"of one IPv4 address or IPv6 /64" },
	{ "client_mb_hour", SETTING_INT, 1, 10000000, "4000", "MB", NULL,
		"and moves no more in an hour" },
	{ "retry_s", SETTING_INT, 1, 86400, "60", "s", NULL,
		"a refused client is told to come back after" },
	{ "threads", SETTING_INT, 1, 64, "2", "", NULL, "that serve" },
	{ 0 },
};

static const struct section sections[] = {
	{ .name = "", .accept = top_settings },
	{ .name = "stamp", .accept = stamp_settings },
	{ .name = "http", .accept = http_settings },
	{ 0 },
};

static void check_address(const struct settings *s, const char *section, struct buf *problems)
{
	const char *text = settings_text(s, "address");
	uint8_t ip[16];

	if (*text && inet_pton(AF_INET, text, ip) != 1 && inet_pton(AF_INET6, text, ip) != 1)
		buf_printf(problems, "%s:%d: %s.address: \"%s\" is not an IP address\n",
			settings_file(s), settings_line(s, "address"), section, text);
}

static void check_file(const struct settings *s, const char *key, struct buf *problems)
{
	const char *file = settings_text(s, key);

	if (!*file)
		buf_printf(problems, "%s:%d: http.%s: is needed with http.tls_port\n",
			settings_file(s), settings_line(s, "tls_port"), key);
	else if (access(file, R_OK))
		buf_printf(problems, "%s:%d: http.%s: %s: %s\n", settings_file(s),
			settings_line(s, key), key, file, strerror(errno));
}

static void take_stamp(struct options *o, const struct settings *s)
{
	const char *key = settings_text(s, "key");

	o->stamp_address = settings_text(s, "address");
	o->stamp_port = settings_bool(s, "enabled") ? (uint16_t)settings_int(s, "port") : 0;
	o->stamp.sessions = settings_int(s, "sessions");
	o->stamp.session_s = settings_int(s, "session_s");
	o->stamp.per_source_pps = settings_int(s, "source_pps");
	o->stamp.overall_pps = settings_int(s, "overall_pps");
	o->stamp.key.len = strnlen(key, STAMP_KEY_MAX);
	memcpy(o->stamp.key.bytes, key, o->stamp.key.len);
}

static void take_http(struct options *o, const struct settings *s)
{
	bool on = settings_bool(s, "enabled");

	o->http_listen.address = settings_text(s, "address");
	o->http_listen.port = on ? (uint16_t)settings_int(s, "port") : 0;
	o->http_listen.tls_port = on ? (uint16_t)settings_int(s, "tls_port") : 0;
	o->http_listen.cert_file = settings_text(s, "certificate");
	o->http_listen.key_file = settings_text(s, "certificate_key");
	o->http.transfer_bytes = settings_int(s, "transfer_mb") * 1000000;
	o->http.transfer_s = settings_int(s, "transfer_s");
	o->http.transfers = settings_int(s, "transfers");
	o->http.client_transfers = settings_int(s, "client_transfers");
	o->http.client_bytes_hour = settings_int(s, "client_mb_hour") * 1000000;
	o->http.retry_s = settings_int(s, "retry_s");
	o->http.threads = settings_int(s, "threads");
}

int options_load(struct options *o, const char *file, struct buf *problems)
{
	const struct settings *stamp, *http;
	int err = conf_load(&o->conf, file, sections, problems);

	if (err)
		return err;
	stamp = conf_section(o->conf, "stamp");
	http = conf_section(o->conf, "http");
	check_address(stamp, "stamp", problems);
	check_address(http, "http", problems);
	o->user = settings_text(conf_section(o->conf, ""), "user");
	take_stamp(o, stamp);
	take_http(o, http);
	if (o->http_listen.tls_port) {
		check_file(http, "certificate", problems);
		check_file(http, "certificate_key", problems);
	}
	if (!o->stamp_port && !o->http_listen.port && !o->http_listen.tls_port)
		buf_printf(problems, "%s: nothing is enabled\n", file);
	return problems->len ? -EINVAL : 0;
}

void options_done(struct options *o)
{
	conf_free(o->conf);
	o->conf = NULL;
}

static const char usage[] =
	"usage: phusong-reflector run [-c FILE] [--debug PARTS]   answer until told to end\n"
	"       phusong-reflector check [-c FILE] [--print-config]  is the configuration right?\n"
	"       phusong-reflector --help | --version\n"
	"\n"
	"The far end of phusong's measurements: STAMP (UDP) and throughput (HTTP, LibreSpeed).\n"
	"FILE is " CONF_FILE " unless told.\n";

static int wrong_use(const char *what)
{
	fprintf(stderr, "phusong-reflector: %s\n%s", what, usage);
	return 2;
}

static int load_or_say(struct options *o, const char *file)
{
	struct buf problems;
	int err;

	buf_init(&problems, PROBLEMS_MAX);
	err = options_load(o, file, &problems);
	if (err)
		fprintf(stderr, "%s", buf_text(&problems));
	buf_done(&problems);
	return err ? 2 : -1;
}

static int check(struct options *o, const char *file, bool print)
{
	int status = load_or_say(o, file);
	struct buf text;

	if (status >= 0) {
		options_done(o);
		return status;
	}
	buf_init(&text, PROBLEMS_MAX);
	if (print)
		conf_print(&text, o->conf);
	else
		buf_printf(&text, "%s: good\n", file);
	fputs(buf_text(&text), stdout);
	buf_done(&text);
	options_done(o);
	return 0;
}

int options_read(struct options *o, int argc, char **argv)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "debug", required_argument, NULL, 'd' },
		{ "print-config", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *file = CONF_FILE, *command;
	bool print = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", words, NULL)) != -1) {
		switch (c) {
		case 'c':
			file = optarg;
			break;
		case 'd':
			log_debug_parts(optarg);
			break;
		case 'p':
			print = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			printf("phusong-reflector %s\n", phusong_version);
			return 0;
		default:
			return wrong_use("unknown option");
		}
	}
	command = optind < argc ? argv[optind++] : NULL;
	if (!command || optind < argc)
		return wrong_use(command ? "one command is enough" : "a command is needed");
	if (!strcmp(command, "check"))
		return check(o, file, print);
	if (!strcmp(command, "run"))
		return load_or_say(o, file);
	return wrong_use("unknown command");
}
