/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

static const char *const register_words[] = { "closed", "open", NULL };

static const struct setting top[] = {
	{ "data", SETTING_TEXT, 0, 1024, "/var/lib/phusong-collector", "", NULL,
		"folder of the databases and of the collector's key" },
	{ "boundaries", SETTING_TEXT, 0, 1024, BOUNDARIES_FOLDER, "", NULL,
		"folder with provinces*.geojson and communes*.geojson" },
	{ 0 },
};

static const struct setting ingest[] = {
	{ "brokers", SETTING_TEXTS, 0, 255, "mqtt://127.0.0.1:1883", "", NULL,
		"mqtt://host:1883 or mqtts://host:8883; results are taken from all of them" },
	{ "user", SETTING_TEXT, 0, 128, "", "", NULL, "name at the broker" },
	{ "password_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"file whose first line is the password" },
	{ "ca_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"authorities of the brokers' certificates, for mqtts" },
	{ "cert_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"our own certificate, for brokers that ask for one" },
	{ "key_file", SETTING_TEXT, 0, 1024, "", "", NULL, "its key" },
	{ "slices", SETTING_TEXT, 0, 16, "0123456789abcdef", "", NULL,
		"first hexadecimal digits of the probe ids this collector is responsible for" },
	{ "share", SETTING_TEXT, 0, 32, "", "", NULL,
		"name of a shared subscription ($share/NAME/...), when several collectors divide "
		"one broker" },
	{ "register", SETTING_TEXT, 0, 0, "closed", "", register_words,
		"open: unknown probes register themselves, without a hamlet; closed: their batches "
		"wait" },
	{ "queue_messages", SETTING_INT, 16, 100000, "4096", "", NULL,
		"messages between broker and database; more are dropped and come again" },
	{ "queue_mb", SETTING_INT, 1, 1024, "16", "MB", NULL, "the same in megabytes" },
	{ "group_records", SETTING_INT, 1, 100000, "4000", "", NULL,
		"records in one commit at most, about" },
	{ "group_ms", SETTING_INT, 0, 5000, "200", "ms", NULL,
		"a commit waits so long at most for more records" },
	{ 0 },
};

static const struct setting http[] = {
	{ "listen", SETTING_TEXT, 0, 128, "127.0.0.1", "", NULL,
		"address of the web pages; put a TLS proxy in front" },
	{ "port", SETTING_INT, 0, 65535, "8090", "", NULL, "0: no web pages" },
	{ "threads", SETTING_INT, 1, 16, "2", "", NULL, "threads that answer" },
	{ "cert_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"certificate, to speak TLS without a proxy" },
	{ "key_file", SETTING_TEXT, 0, 1024, "", "", NULL, "its key" },
	{ "technology", SETTING_TEXT, 0, 15, "4g", "", NULL, "whose status the map shows first" },
	{ 0 },
};

static const struct setting enroll[] = {
	{ "brokers", SETTING_TEXTS, 0, 127, "", "", NULL,
		"brokers that probes are told of, mqtts://host:8883; none: probes cannot enrol "
		"here" },
	{ "broker_ca_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"authorities of those brokers' certificates, PEM; \"\": our own" },
	{ "url", SETTING_TEXT, 0, 200, "", "", NULL,
		"where probes reach us, https://host: only shown with a claim" },
	{ "days", SETTING_INT, 1, 36500, "3650", "days", NULL,
		"the certificate of a probe is good for so long" },
	{ "ca_command", SETTING_TEXT, 0, 1024, "", "", NULL,
		"another authority: this program signs and revokes; \"\": our own" },
	{ "crl_file", SETTING_TEXT, 0, 1024, "", "", NULL,
		"the list of revoked certificates is written here, too, for the broker" },
	{ 0 },
};

static const struct setting truth[] = {
	{ "profiles", SETTING_TEXTS, 0, 255, "/usr/share/phusong/profiles/vn-4g-2019.conf", "",
		NULL, "rule profiles, one for each technology; none: nothing is judged" },
	{ 0 },
};

const struct section collector_sections[] = {
	{ .name = "", .accept = top },
	{ .name = "ingest", .accept = ingest },
	{ .name = "http", .accept = http },
	{ .name = "enroll", .accept = enroll },
	{ .name = "truth", .accept = truth },
	{ 0 },
};
