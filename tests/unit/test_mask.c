/* SPDX-License-Identifier: Apache-2.0 */
/* What a support bundle must not carry, in the forms in which it is met, and what must stay readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/mask.h"
#include "probes/core/mem.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *text, *masked;
} identities[] = {
	{ "IMSI 452041234567890.", "IMSI XXXXXXXXXXXXXXX." },
	{ "\"45204123456789012\"", "\"XXXXXXXXXXXXXXXXX\"" },
	{ "IMEI 35-209900-176148-1", "IMEI X" },
	{ "IMEI: 352099001761481", "IMEI: XXXXXXXXXXXXXXX" },
	{ "ICCID 8984 0480 0012 3456 789F x", "ICCID X x" },
	{ "+QCCID: 89840480001234567890", "+QCCID: XXXXXXXXXXXXXXXXXXXX" },
	{ "call 0912345678 now", "call XXXXXXXXXX now" },
	{ "call 0912 345 678 now", "call X now" },
	{ "call 091.234.5678", "call X" },
	{ "+84 91-234-5678", "X" },
	{ "+84912345678", "X" },
	{ "(024) 3822 1234", "X" },
	{ "link/ether 00:1a:2B:3c:4d:5e brd", "link/ether XX:XX:XX:XX:XX:XX brd" },
	{ "00-1A-2B-3C-4D-5E", "XX:XX:XX:XX:XX:XX" },
	{ "001a.2b3c.4d5e", "XX:XX:XX:XX:XX:XX" },
	{ "00:11:22:33:44:55:66:77", "XX:XX:XX:XX:XX:XX" },
	{ "enx001a2b3c4d5e: up", "enxX: up" },
	{ "001a2b3c4d5e", "X" },
	{ "from 203.113.1.2:862", "from X.X.X.X:862" },
	{ "8.8.8.8", "X.X.X.X" },
	{ "[2001:db8::1]:862", "[X::X]:862" },
	{ "fe80::21a:2bff:fe3c:4d5e%eth0", "X::X%eth0" },
	{ "to 2001:db8:0:0:0:0:0:1.", "to X::X." },
	{ "http://tuan:secret@host/", "http://X@host/" },
	{ "tuan.nguyen@example.vn", "X@example.vn" },
	{ "/home/tuan/agent.conf: no", "/home/X/agent.conf: no" },
	{ "22.823456, 104.983611.", "22.82, 104.98." },
	{ "-0.500001", "-0.50" },
	{ "$GPGGA,2249.4040,N,10459.0160,E,1", "$GPGGA,X,N,X,E,1" },
};

/* Nothing of these is a person's or a device's. */
static const char *const harmless[] = {
	"LTE, 45204 Viettel, RSRP -97 dBm, SINR 12.50 dB",
	"2026-11-27T12:13:45Z",
	"2026-11-27 12:13:45 +0700",
	"12:30:45",
	"modem EC25EFAR06A05M4G",
	"10.1.2.3 172.31.0.1 192.168.1.1 127.0.0.1 169.254.1.1 100.64.0.1 0.0.0.0",
	"::1 and ::",
	"+QENG: \"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",452,04,1A2B3C4,112,1650,3,5,5",
	"version 1.2-14-g0eae734",
	"phusong-agent, 6.1.0-13-arm64",
	"v6: 40/8/4 kB",
	"Thư mục dữ liệu: đã dùng 12,3 / 300 MB",
	"abcdefghijklmnop a2b3c4d5e6",
};

static const char *masked(struct buf *b, const char *text, bool with_place)
{
	struct mask m;

	buf_clear(b);
	mask_init(&m, with_place);
	mask_text(&m, b, text);
	mask_done(&m);
	return buf_text(b);
}

static void every_form_of_an_identity_goes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(identities); i++)
		assert_string_equal(masked(&b, identities[i].text, false), identities[i].masked);
	buf_done(&b);
}

static void what_is_no_identity_stays(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(harmless); i++)
		assert_string_equal(masked(&b, harmless[i], false), harmless[i]);
	buf_done(&b);
}

static void the_place_stays_when_it_is_asked_for(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(masked(&b, "22.823456, 104.983611", true), "22.823456, 104.983611");
	assert_string_equal(masked(&b, "2249.4040,N", true), "2249.4040,N");
	assert_string_equal(masked(&b, "452041234567890", true), "XXXXXXXXXXXXXXX");
	buf_done(&b);
}

static void a_key_is_a_secret_by_its_name(void **state)
{
	static const char *const secret[] = { "password", "user", "key", "sim_pin", "apn_password",
		"PUK", "auth-token", "claim", "phone" };
	static const char *const open[] = { "collector_key", "password_file", "key_file", "port",
		"ping", "keys", "", "_", "max_seconds" };

	(void)state;
	for (size_t i = 0; i < COUNT(secret); i++)
		assert_true(mask_is_secret(secret[i], strlen(secret[i])));
	for (size_t i = 0; i < COUNT(open); i++)
		assert_false(mask_is_secret(open[i], strlen(open[i])));
}

static void settings_lose_their_secrets_and_nothing_else(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{ "user = \"tuan\"; ca_file = \"/etc/ca.pem\";",
			"user = \"X\"; ca_file = \"/etc/ca.pem\";" },
		{ "key=\"a;b\\\"c\", port = 1", "key= \"X\", port = 1" },
		{ "{ key : \"x\" \"y\" }", "{ key : \"X\"}" },
		{ "password = \"never closed", "password = \"X\"" },
		{ "pin = 1234\nport = 2", "pin = \"X\"\nport = 2" },
		{ "claim = [ \"a\", \"b\" ];", "claim = \"X\";" },
		{ "# the key of it all", "# the key of it all" },
		{ "monkey = \"is no key\";", "monkey = \"is no key\";" },
		{ "user = \"\"; port = 1", "user = \"\"; port = 1" },
		{ "key = \"\"\"x\"", "key = \"X\"" },
		{ "user", "user" },
		{ "user =", "user = \"X\"" },
		{ "lat = 22.8234;", "lat = 22.82;" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mask m;

		buf_clear(&b);
		mask_init(&m, false);
		mask_config(&m, &b, cases[i].text);
		mask_done(&m);
		assert_string_equal(buf_text(&b), cases[i].masked);
	}
	buf_done(&b);
}

static void a_document_is_masked_through_and_through(void **state)
{
	struct json_object *o = json_tokener_parse(
		"{\"user\":\"tuan\",\"n\":452041234567890,\"place\":{\"lat\":22.823456,\"lon\":104."
		"98,"
		"\"accuracy_m\":10},\"list\":[\"0912345678\",[{\"raw\":\"8.8.8.8\"}],null,true]}");

	struct mask exact = { .with_place = true }, coarse = { .with_place = false };

	(void)state;
	mask_json(&coarse, o);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		"{\"user\":\"X\",\"n\":452041234567890,\"place\":{\"lat\":22.82,\"lon\":104.98,"
		"\"accuracy_m\":10},\"list\":[\"XXXXXXXXXX\",[{\"raw\":\"X.X.X.X\"}],null,true]}");
	json_object_put(o);
	o = json_tokener_parse("{\"lat\":22.823456}");
	mask_json(&exact, o);
	assert_string_equal(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), "{\"lat\":22.823456}");
	json_object_put(o);
}

static void a_secret_of_the_settings_goes_wherever_it_stands(void **state)
{
	struct mask m;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	mask_init(&m, false);
	mask_config(&m, &b, "user = \"tuanvu\"; key = [ \"open sesame\", \"abc\" ]; pin = \"\";");
	mask_know(&m, "phusong-agent", 13);
	buf_clear(&b);
	mask_text(&m, &b, "phusong-agent: tuanvu@host says: open sesame, abc");
	assert_string_equal(buf_text(&b), "phusong-agent: X@host says: X, abc");
	mask_done(&m);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_an_identity_goes),
		cmocka_unit_test(what_is_no_identity_stays),
		cmocka_unit_test(the_place_stays_when_it_is_asked_for),
		cmocka_unit_test(a_key_is_a_secret_by_its_name),
		cmocka_unit_test(settings_lose_their_secrets_and_nothing_else),
		cmocka_unit_test(a_secret_of_the_settings_goes_wherever_it_stands),
		cmocka_unit_test(a_document_is_masked_through_and_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
