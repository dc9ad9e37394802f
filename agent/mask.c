/* SPDX-License-Identifier: Apache-2.0 */
#include "mask.h"
#include "../probes/core/mem.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <json-c/json.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_RUN    9  /* a Vietnamese number without its 0 has nine */
#define DIGITS_PHONE  9  /* in groups, after 0 or + */
#define DIGITS_GROUPS 14 /* in groups: IMEI has 14 to 16, ICCID 18 to 20 (ITU-T E.118) */
#define HEX_RUN       12 /* a MAC address without its colons */
#define DECIMALS      2
#define FIELD_MAX     1024

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t run_of(const char *text, bool (*is)(char c))
{
	size_t n = 0;

	while (is(text[n]))
		n++;
	return n;
}

/* Each rule looks at text, which begins at a boundary unless it says otherwise, and returns how many bytes it has
 * replaced by what it appended; 0: it does not apply. */
struct at {
	const char *text, *begin; /* begin: of all, to look back */
	const struct mask *mask;
};

static char before(const struct at *a)
{
	return a->text > a->begin ? a->text[-1] : 0;
}

/* --- addresses ------------------------------------------------------------------------------------------ */
static bool is_public_v4(uint32_t a)
{
	return !(a >> 24 == 10 || a >> 24 == 127 || a >> 24 == 0 || a >> 20 == 0xac1 ||
		 a >> 16 == 0xc0a8 || a >> 16 == 0xa9fe || a >> 22 == 0x191); /* RFC 6890 */
}

static size_t ipv4(struct buf *out, const struct at *a)
{
	char text[16];
	struct in_addr address;
	size_t n = 0;

	if (!is_digit(*a->text) || is_word(before(a)) || before(a) == '.')
		return 0;
	while (is_digit(a->text[n]) || (a->text[n] == '.' && is_digit(a->text[n + 1])))
		n++;
	if (n < 7 || n >= sizeof(text))
		return 0;
	memcpy(text, a->text, n);
	text[n] = 0;
	if (inet_pton(AF_INET, text, &address) != 1)
		return 0;
	if (is_public_v4(ntohl(address.s_addr)))
		buf_puts(out, "X.X.X.X");
	else
		buf_put(out, text, n);
	return n;
}

static bool is_v6_char(char c)
{
	return is_hex(c) || c == ':' || c == '.';
}

static size_t ipv6(struct buf *out, const struct at *a)
{
	char text[64];
	struct in6_addr address;
	size_t n = run_of(a->text, is_v6_char);

	if (is_word(before(a)) || before(a) == ':' || n < 2)
		return 0;
	while (n > 2 && (a->text[n - 1] == '.' || (a->text[n - 1] == ':' && a->text[n - 2] != ':')))
		n--;
	if (n >= sizeof(text) || !memchr(a->text, ':', n))
		return 0;
	memcpy(text, a->text, n);
	text[n] = 0;
	if (inet_pton(AF_INET6, text, &address) != 1)
		return 0;
	if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address))
		buf_put(out, text, n);
	else
		buf_puts(out, "X::X");
	return n;
}

/* Pairs with one separator, six or more (EUI-64 has eight), or three groups of four with dots. */
static size_t mac(struct buf *out, const struct at *a)
{
	size_t group = run_of(a->text, is_hex), groups = group == 4 ? 3 : 6, n = group, found = 1;
	char separator = a->text[group];

	if (is_word(before(a)) || (group != 2 && group != 4) || !separator ||
		!strchr(group == 4 ? "." : ":-", separator))
		return 0;
	while (a->text[n] == separator && run_of(a->text + n + 1, is_hex) == group) {
		n += 1 + group;
		found++;
	}
	if (found < groups)
		return 0;
	buf_puts(out, "XX:XX:XX:XX:XX:XX");
	return n;
}

/* "enx0011aabbccdd": the system names interfaces so; any other long hexadecimal number may be an identity, too. */
static size_t long_hex(struct buf *out, const struct at *a)
{
	size_t n = run_of(a->text, is_hex);

	if (n < HEX_RUN || is_hex(before(a)))
		return 0;
	buf_puts(out, "X");
	return n;
}

/* --- numbers of people and devices ------------------------------------------------------------------------ */
static size_t long_digits(struct buf *out, const struct at *a)
{
	size_t n = run_of(a->text, is_digit);

	if (n < DIGITS_RUN)
		return 0;
	for (size_t i = 0; i < n; i++)
		buf_puts(out, "X");
	return n;
}

/* Digits with single separators: "0912 345 678", "+84-91-234-5678", "(024) 3822 1234", "35-209900-176148-1". */
static size_t grouped_digits(struct buf *out, const struct at *a)
{
	size_t n = 0, digits = 0, end = 0;
	bool phone;

	if (is_word(before(a)) || before(a) == '.' || before(a) == ',')
		return 0;
	while (a->text[n] == '+' || a->text[n] == '(')
		n++;
	phone = n > 0 || a->text[0] == '0';
	while (is_digit(a->text[n])) {
		size_t run = run_of(a->text + n, is_digit);

		digits += run;
		n += run;
		end = n;
		while (a->text[n] && strchr(" .-)", a->text[n]) && n - end < 2)
			n++;
	}
	if ((a->text[end] == 'F' || a->text[end] == 'f') && !is_word(a->text[end + 1]))
		end++; /* the filler of an ICCID */
	if (digits < (phone ? DIGITS_PHONE : DIGITS_GROUPS) || digits > 24 || is_word(a->text[end]))
		return 0;
	buf_puts(out, "X");
	return end;
}

/* --- names ------------------------------------------------------------------------------------------------- */
static size_t url_user(struct buf *out, const struct at *a)
{
	size_t n;

	if (strncmp(a->text, "://", 3) != 0)
		return 0;
	n = strcspn(a->text + 3, "@/ \t\"'<>");
	if (!n || a->text[3 + n] != '@')
		return 0;
	buf_puts(out, "://X");
	return 3 + n;
}

static bool is_mail_char(char c)
{
	return is_word(c) || c == '.' || c == '+' || c == '-' || c == '%';
}

static size_t mail(struct buf *out, const struct at *a)
{
	size_t n = run_of(a->text, is_mail_char);

	if (is_mail_char(before(a)) || !n || a->text[n] != '@' || !is_word(a->text[n + 1]))
		return 0;
	buf_puts(out, "X");
	return n;
}

static size_t home_folder(struct buf *out, const struct at *a)
{
	size_t n;

	if (strncmp(a->text, "/home/", 6) != 0)
		return 0;
	n = strcspn(a->text + 6, "/ \t\n\"':;,");
	if (!n)
		return 0;
	buf_puts(out, "/home/X");
	return 6 + n;
}

/* --- places -------------------------------------------------------------------------------------------------- */
/* NMEA 0183: ddmm.mmmm,N and dddmm.mmmm,E */
static size_t nmea(struct buf *out, const struct at *a)
{
	size_t n = run_of(a->text, is_digit), all;

	if (a->mask->with_place || is_word(before(a)) || n < 3 || n > 5 || a->text[n] != '.')
		return 0;
	all = n + 1 + run_of(a->text + n + 1, is_digit);
	if (all == n + 1 || a->text[all] != ',' || !strchr("NSEW", a->text[all + 1]) ||
		!a->text[all + 1])
		return 0;
	buf_puts(out, "X");
	return all;
}

static size_t decimals(struct buf *out, const struct at *a)
{
	size_t whole = run_of(a->text, is_digit), part;

	if (a->mask->with_place || !whole || is_word(before(a)) || before(a) == '.' ||
		a->text[whole] != '.')
		return 0;
	part = run_of(a->text + whole + 1, is_digit);
	if (part <= DECIMALS ||
		(a->text[whole + 1 + part] == '.' && is_digit(a->text[whole + 2 + part])))
		return 0;
	buf_put(out, a->text, whole + 1 + DECIMALS);
	return whole + 1 + part;
}

static size_t known(struct buf *out, const struct at *a)
{
	for (size_t i = 0; i < a->mask->count; i++) {
		size_t n = strlen(a->mask->secrets[i]);

		if (!strncmp(a->text, a->mask->secrets[i], n)) {
			buf_puts(out, "X");
			return n;
		}
	}
	return 0;
}

/* The order matters: what is longer and more certain first. */
static size_t (*const rules[])(struct buf *out, const struct at *a) = {
	known,
	url_user,
	home_folder,
	mail,
	mac,
	ipv6,
	ipv4,
	nmea,
	long_digits,
	grouped_digits,
	long_hex,
	decimals,
};

void mask_init(struct mask *m, bool with_place)
{
	*m = (struct mask){ .with_place = with_place };
}

void mask_done(struct mask *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->secrets[i]);
	m->count = 0;
}

void mask_know(struct mask *m, const char *secret, size_t n)
{
	static const char usual[] = "phusong-agent root nobody true false"; /* hides nothing */
	char *copy;

	if (n < 4 || m->count == MASK_SECRETS)
		return;
	copy = mem_new(n + 1);
	memcpy(copy, secret, n);
	if (strstr(usual, copy))
		free(copy);
	else
		m->secrets[m->count++] = copy;
}

void mask_text(const struct mask *m, struct buf *out, const char *text)
{
	struct at a = { .text = text, .begin = text, .mask = m };

	while (*a.text) {
		size_t n = 0;

		for (size_t i = 0; i < COUNT(rules) && !n; i++)
			n = rules[i](out, &a);
		if (!n) {
			buf_put(out, a.text, 1);
			n = 1;
		}
		a.text += n;
	}
}

/* --- settings ------------------------------------------------------------------------------------------------- */
static bool is_secret_word(const char *text, size_t n)
{
	static const char *const words[] = { "password", "passwd", "pass", "passphrase", "pin",
		"puk", "secret", "token", "user", "username", "login", "claim", "key", "imsi",
		"imei", "iccid", "msisdn", "phone", "owner" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], text, n))
			return true;
	return false;
}

bool mask_is_secret(const char *key, size_t n)
{
	static const char open_key[] = "collector_key", file[] = "_file";
	size_t word;

	if (n == strlen(open_key) && !memcmp(key, open_key, n))
		return false; /* a public key */
	if (n > strlen(file) && !memcmp(key + n - strlen(file), file, strlen(file)))
		return false; /* where a secret is, not what */
	for (size_t at = 0; at < n; at += word + 1) {
		for (word = 0; at + word < n && key[at + word] != '_' && key[at + word] != '-';)
			word++;
		if (is_secret_word(key + at, word))
			return true;
	}
	return false;
}

/* From a key to behind its "=" or ":"; 0 when there is none. */
static size_t to_value(const char *text, size_t key)
{
	size_t n = key + strspn(text + key, " \t\r\n");

	if (text[n] != '=' && text[n] != ':')
		return 0;
	return n + 1;
}

/* The length of a value: strings with their escapes, lists; up to what ends a setting of libconfig. */
static size_t value_length(const char *text)
{
	size_t n = strspn(text, " \t\r\n");
	unsigned depth = 0;

	for (; text[n]; n++) {
		char c = text[n];

		if (c == '"') {
			for (n++; text[n] && text[n] != '"'; n++)
				if (text[n] == '\\' && text[n + 1])
					n++;
			if (!text[n])
				break;
		} else if (strchr("[({", c)) {
			depth++;
		} else if (strchr("])}", c)) {
			if (!depth)
				break;
			depth--;
		} else if (!depth && (c == ';' || c == ',' || c == '\n')) {
			break;
		}
	}
	return n;
}

/* The strings of a value, as they stand: one with escapes is not met again in that form. */
static void know_value(struct mask *m, const char *value, size_t n)
{
	const char *end = value + n, *from, *to;

	while ((from = memchr(value, '"', (size_t)(end - value))) && from + 1 < end) {
		to = memchr(from + 1, '"', (size_t)(end - from - 1));
		if (!to)
			to = end;
		mask_know(m, from + 1, (size_t)(to - from - 1));
		value = to < end ? to + 1 : end;
	}
}

static bool is_empty(const char *value, size_t n)
{
	size_t at = strspn(value, " \t");

	return n >= at + 2 && !memcmp(value + at, "\"\"", 2) &&
	       strspn(value + at + 2, " \t") == n - at - 2;
}

void mask_config(struct mask *m, struct buf *out, const char *text)
{
	struct buf plain;

	buf_init(&plain, strlen(text) + FIELD_MAX);
	for (const char *c = text; *c;) {
		size_t key = isalpha((unsigned char)*c) ? run_of(c, is_word) : 0;
		size_t value = key ? to_value(c, key) : 0;

		if (value && mask_is_secret(c, key)) {
			size_t n = value_length(c + value);

			buf_put(&plain, c, value);
			if (is_empty(c + value, n)) /* that it is not set is no secret */
				buf_put(&plain, c + value, n);
			else
				buf_puts(&plain, " \"X\"");
			know_value(m, c + value, n);
			c += value + n;
		} else {
			/* a whole word, so that "puk" of "mypuk" is none */
			buf_put(&plain, c, key ? key : 1);
			c += key ? key : 1;
		}
	}
	mask_text(m, out, buf_text(&plain));
	buf_done(&plain);
}

/* --- documents ------------------------------------------------------------------------------------------------- */
static struct json_object *masked_text(const struct mask *m, const char *text)
{
	struct json_object *o;
	struct buf b;

	buf_init(&b, 2 * strlen(text) + FIELD_MAX);
	mask_text(m, &b, text);
	o = json_object_new_string(buf_text(&b));
	buf_done(&b);
	return o;
}

static bool is_coordinate(const char *key)
{
	static const char *const keys[] = { "lat", "lon", "latitude", "longitude" };

	for (size_t i = 0; i < COUNT(keys); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

/* What stands in place of v; NULL: it stays. */
static struct json_object *instead(const struct mask *m, const char *key, struct json_object *v)
{
	char text[32];

	if (key && mask_is_secret(key, strlen(key)) && json_object_is_type(v, json_type_string) &&
		*json_object_get_string(v))
		return json_object_new_string("X");
	if (json_object_is_type(v, json_type_string))
		return masked_text(m, json_object_get_string(v));
	if (key && !m->with_place && is_coordinate(key) &&
		json_object_is_type(v, json_type_double)) {
		snprintf(text, sizeof(text), "%.2f", json_object_get_double(v));
		return json_object_new_double_s(strtod(text, NULL), text);
	}
	return NULL;
}

void mask_json(const struct mask *m, struct json_object *o)
{
	struct json_object *new;

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			struct json_object *v = json_object_array_get_idx(o, i);

			new = instead(m, NULL, v);
			if (new)
				json_object_array_put_idx(o, i, new);
			else
				mask_json(m, v);
		}
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, v)
		{
			new = instead(m, key, v);
			if (new) /* an existing key: its entry stays where it is */
				json_object_object_add(o, key, new);
			else
				mask_json(m, v);
		}
	}
}
