/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as a table, and the words of records as others. */
#include "words.h"
#include "../probes/core/mem.h"
#include "../probes/core/utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 8192

/* One block of text and offsets into it, not pointers: those would be four times as large and be relocated. */
static const struct texts {
	char none[1];
#define X(key, vi, en) \
	char vi_##key[sizeof(vi)]; \
	char en_##key[sizeof(en)];
	WORDS(X)
#undef X
} texts = { "",
#define X(key, vi, en) vi, en,
	WORDS(X)
#undef X
};
_Static_assert(sizeof(texts) <= UINT16_MAX, "the offsets have 16 bits");

static const uint16_t offsets[WORD_COUNT][2] = { { 0, 0 },
#define X(key, vi, en) { offsetof(struct texts, vi_##key), offsetof(struct texts, en_##key) },
	WORDS(X)
#undef X
};

const char *word(enum word w, bool vi)
{
	if ((unsigned)w >= WORD_COUNT)
		return "";
	return (const char *)&texts + offsets[w][vi ? 0 : 1];
}

static const char *filled(const char *name, size_t n, const char *const fill[])
{
	for (size_t i = 0; fill && fill[i] && fill[i + 1]; i += 2)
		if (strlen(fill[i]) == n && !memcmp(fill[i], name, n))
			return fill[i + 1];
	return NULL;
}

void words_put(struct buf *out, bool vi, enum word w, const char *const fill[])
{
	const char *text = word(w, vi);

	while (*text) {
		size_t plain = strcspn(text, "{"), name;
		const char *value;

		buf_put(out, text, plain);
		text += plain;
		if (!*text)
			return;
		name = strcspn(text + 1, "}");
		value = filled(text + 1, name, fill);
		name += 1 + (text[1 + name] == '}');
		if (value)
			buf_puts(out, value);
		else
			buf_put(out, text, name);
		text += name;
	}
}

void words_print(FILE *out, bool vi, enum word w, const char *const fill[])
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	words_put(&b, vi, w, fill);
	fputs(buf_text(&b), out);
	buf_done(&b);
}

char *words_text(char *out, size_t room, bool vi, enum word w, const char *const fill[])
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	words_put(&b, vi, w, fill);
	utf8_clean(out, room, buf_text(&b), b.len);
	buf_done(&b);
	return out;
}

/* --- words of records ----------------------------------------------------------------------------- */
static const struct word_of errors[] = {
	{ "unreachable", W_ER_UNREACHABLE, W_DO_UNREACHABLE },
	{ "no_route", W_ER_NO_ROUTE, W_DO_NO_ROUTE },
	{ "no_server", W_ER_NO_SERVER, W_DO_NO_SERVER },
	{ "dns", W_ER_DNS, W_DO_DNS },
	{ "timeout", W_ER_TIMEOUT, W_DO_TIMEOUT },
	{ "busy_line", W_ER_BUSY_LINE, W_DO_BUSY_LINE },
	{ "modem_absent", W_ER_MODEM_ABSENT, W_DO_MODEM_ABSENT },
	{ "modem_hung", W_ER_MODEM_HUNG, W_DO_MODEM_HUNG },
	{ "modem_busy", W_ER_MODEM_BUSY, W_DO_MODEM_BUSY },
	{ "modem_no_access", W_ER_MODEM_NO_ACCESS, W_DO_MODEM_NO_ACCESS },
	{ "unsupported", W_ER_UNSUPPORTED, W_DO_UNSUPPORTED },
	{ "radio_off", W_ER_RADIO_OFF, W_DO_RADIO_OFF },
	{ "line_in_use", W_ER_LINE_IN_USE, W_DO_LINE_IN_USE },
	{ "http_status", W_ER_HTTP_STATUS, W_DO_HTTP_STATUS },
	{ "certificate", W_ER_CERTIFICATE, W_DO_CERTIFICATE },
	{ "busy", W_ER_BUSY, W_DO_BUSY },
	{ "socket", W_ER_SOCKET, W_DO_SOCKET },
	{ "failed", W_ER_OTHER, W_DO_OTHER },
	{ NULL, W_ER_OTHER, W_DO_OTHER },
};

static const struct word_of verdicts[] = {
	{ "ok", W_VD_OK, W_NONE },
	{ "network", W_VD_NETWORK, W_DO_UNREACHABLE },
	{ "service", W_VD_SERVICE, W_DO_NO_SERVER },
	{ "captive_portal", W_VD_CAPTIVE, W_DO_CAPTIVE },
	{ "certificate", W_VD_CERTIFICATE, W_DO_CERTIFICATE },
	{ "none", W_VD_NONE, W_NONE },
	{ "ula_only", W_VD_ULA_ONLY, W_NONE },
	{ "no_route", W_VD_NO_ROUTE, W_NONE },
	{ "dns_broken", W_VD_DNS_BROKEN, W_NONE },
	{ "pmtud_black_hole", W_VD_BLACK_HOLE, W_NONE },
	{ "broken", W_VD_BROKEN, W_NONE },
	{ "slow", W_VD_SLOW, W_NONE },
	{ "works", W_VD_WORKS, W_NONE },
	{ "v6only_nat64", W_VD_NAT64, W_NONE },
	{ NULL, W_NONE, W_NONE },
};

static const struct word_of states[] = {
	{ "unknown", W_ST_UNKNOWN, W_NONE },
	{ "ok", W_ST_OK, W_NONE },
	{ "power_lost", W_ST_POWER_LOST, W_NONE },
	{ "modem_absent", W_ST_MODEM_ABSENT, W_NONE },
	{ "modem_hung", W_ST_MODEM_HUNG, W_NONE },
	{ "sim_missing", W_ST_SIM_MISSING, W_NONE },
	{ "sim_locked", W_ST_SIM_LOCKED, W_NONE },
	{ "no_service", W_ST_NO_SERVICE, W_NONE },
	{ "limited_service", W_ST_LIMITED_SERVICE, W_NONE },
	{ "denied", W_ST_DENIED, W_NONE },
	{ "attached_no_ip", W_ST_ATTACHED_NO_IP, W_NONE },
	{ "ip_no_internet", W_ST_IP_NO_INTERNET, W_NONE },
	{ "captive_or_no_credit", W_ST_CAPTIVE_OR_NO_CREDIT, W_NONE },
	{ "collector_down", W_ST_COLLECTOR_DOWN, W_NONE },
	{ NULL, W_NONE, W_NONE },
};

static const struct word_of causes[] = {
	{ "cut", W_CAUSE_CUT, W_NONE },
	{ "brown_out", W_CAUSE_BROWN_OUT, W_NONE },
	{ "overheat", W_CAUSE_OVERHEAT, W_NONE },
	{ "watchdog", W_CAUSE_WATCHDOG, W_NONE },
	{ "port_gone", W_CAUSE_PORT_GONE, W_NONE },
	{ "no_answer", W_CAUSE_NO_ANSWER, W_NONE },
	{ "missing", W_CAUSE_MISSING, W_NONE },
	{ "failure", W_CAUSE_FAILURE, W_NONE },
	{ "pin", W_CAUSE_PIN, W_NONE },
	{ "puk", W_CAUSE_PUK, W_NONE },
	{ "no_cell", W_CAUSE_NO_CELL, W_NONE },
	{ "emergency_only", W_CAUSE_EMERGENCY_ONLY, W_NONE },
	{ "other_networks", W_CAUSE_OTHER_NETWORKS, W_NONE },
	{ "not_told", W_CAUSE_NOT_TOLD, W_NONE },
	{ "imsi_unknown", W_CAUSE_SUBSCRIBER, W_NONE },
	{ "illegal_ue", W_CAUSE_SUBSCRIBER, W_NONE },
	{ "imei_not_accepted", W_CAUSE_DEVICE, W_NONE },
	{ "illegal_me", W_CAUSE_DEVICE, W_NONE },
	{ "data_not_allowed", W_CAUSE_DATA_NOT_ALLOWED, W_NONE },
	{ "services_not_allowed", W_CAUSE_SUBSCRIBER, W_NONE },
	{ "plmn_not_allowed", W_CAUSE_NOT_ALLOWED_HERE, W_NONE },
	{ "area_not_allowed", W_CAUSE_NOT_ALLOWED_HERE, W_NONE },
	{ "roaming_not_allowed", W_CAUSE_ROAMING, W_NONE },
	{ "data_not_allowed_here", W_CAUSE_DATA_NOT_ALLOWED, W_NONE },
	{ "no_suitable_cells", W_CAUSE_NO_SUITABLE, W_NONE },
	{ "network_failure", W_CAUSE_NETWORK_TROUBLE, W_NONE },
	{ "congestion", W_CAUSE_NETWORK_TROUBLE, W_NONE },
	{ "option_not_authorized", W_CAUSE_DATA_NOT_ALLOWED, W_NONE },
	{ "severe_network_failure", W_CAUSE_NETWORK_TROUBLE, W_NONE },
	{ "no_address", W_CAUSE_NO_ADDRESS, W_NONE },
	{ "context_refused", W_CAUSE_CONTEXT_REFUSED, W_NONE },
	{ "dns", W_CAUSE_DNS, W_NONE },
	{ "route", W_CAUSE_ROUTE, W_NONE },
	{ "unreachable", W_CAUSE_UNREACHABLE, W_NONE },
	{ "portal", W_CAUSE_PORTAL, W_NONE },
	{ "no_credit", W_CAUSE_NO_CREDIT, W_NONE },
	{ "broker", W_CAUSE_BROKER, W_NONE },
	{ "receipts", W_CAUSE_RECEIPTS, W_NONE },
	{ "target_down", W_CAUSE_TARGET_DOWN, W_NONE },
	{ "start", W_CAUSE_START, W_NONE },
	{ "power_back", W_CAUSE_POWER_BACK, W_NONE },
	{ "not_registered", W_CAUSE_NOT_REGISTERED, W_NONE },
	{ "untold", W_CAUSE_UNTOLD, W_NONE },
	{ "untested", W_CAUSE_UNTESTED, W_NONE },
	{ "port_busy", W_CAUSE_PORT_BUSY, W_NONE },
	{ "no_access", W_CAUSE_NO_ACCESS, W_NONE },
	{ "not_read", W_CAUSE_NOT_READ, W_NONE },
	{ "stale", W_CAUSE_STALE, W_NONE },
	{ NULL, W_NONE, W_NONE },
};

static const struct word_of registrations[] = {
	{ "home", W_REG_HOME, W_NONE },
	{ "roaming", W_REG_ROAMING, W_NONE },
	{ "searching", W_REG_SEARCHING, W_NONE },
	{ "not_registered", W_REG_NOT_REGISTERED, W_NONE },
	{ "denied", W_REG_DENIED, W_NONE },
	{ "emergency", W_REG_EMERGENCY, W_NONE },
	{ "unknown", W_NOT_KNOWN, W_NONE },
	{ NULL, W_NONE, W_NONE },
};

static const struct word_of sims[] = {
	{ "ready", W_SIM_READY, W_NONE },
	{ "missing", W_SIM_MISSING, W_A_SIM_MISSING },
	{ "pin", W_SIM_PIN, W_A_SIM_PIN },
	{ "puk", W_SIM_PUK, W_A_SIM_PUK },
	{ "busy", W_SIM_BUSY, W_NONE },
	{ "failure", W_SIM_FAILURE, W_A_SIM_MISSING },
	{ "unknown", W_NOT_KNOWN, W_NONE },
	{ NULL, W_NONE, W_NONE },
};

static const struct word_of *look_up(const struct word_of *w, const char *name)
{
	while (w->name && (!name || strcmp(w->name, name)))
		w++;
	return w;
}

const struct word_of *word_of_error(const char *name)
{
	return look_up(errors, name);
}

const struct word_of *word_of_verdict(const char *name)
{
	const struct word_of *w = look_up(verdicts, name);

	return w->name ? w : NULL;
}

enum word word_of_state(const char *name)
{
	return look_up(states, name)->means;
}

enum word word_of_cause(const char *name)
{
	/* reject_N: a number of TS 24.301 that has no word */
	if (name && !strncmp(name, "reject_", 7))
		return W_CAUSE_REJECT;
	return look_up(causes, name)->means;
}

enum word word_of_registration(const char *name)
{
	return look_up(registrations, name)->means;
}

const struct word_of *word_of_sim(const char *name)
{
	return look_up(sims, name);
}

const char *word_or(enum word w, bool vi, const char *name)
{
	return w == W_NONE ? name : word(w, vi);
}

/* --- numbers ---------------------------------------------------------------------------------------- */
char *words_decimal(char *text, bool vi)
{
	for (char *c = text; vi && *c; c++)
		if (*c == '.' && c > text && c[-1] >= '0' && c[-1] <= '9' && c[1] >= '0' &&
			c[1] <= '9')
			*c = ',';
	return text;
}

char *words_real(char out[WORDS_NUMBER], bool vi, double v, int decimals)
{
	snprintf(out, WORDS_NUMBER, "%.*f", decimals, v);
	return words_decimal(out, vi);
}

char *words_int(char out[WORDS_NUMBER], int64_t v)
{
	snprintf(out, WORDS_NUMBER, "%" PRId64, v);
	return out;
}

char *words_span(char out[WORDS_NUMBER], bool vi, int64_t s)
{
	char a[WORDS_NUMBER], b[WORDS_NUMBER];

	if (s < 0)
		s = 0;
	if (s < 120)
		return words_text(out, WORDS_NUMBER, vi, W_SPAN_S, FILL("n", words_int(a, s)));
	if (s < 3600)
		return words_text(
			out, WORDS_NUMBER, vi, W_SPAN_MIN, FILL("n", words_int(a, s / 60)));
	if (s < 86400)
		return words_text(out, WORDS_NUMBER, vi, W_SPAN_H,
			FILL("h", words_int(a, s / 3600), "m", words_int(b, s / 60 % 60)));
	return words_text(out, WORDS_NUMBER, vi, W_SPAN_D,
		FILL("d", words_int(a, s / 86400), "h", words_int(b, s / 3600 % 24)));
}

char *words_bytes(char out[WORDS_NUMBER], bool vi, uint64_t bytes)
{
	double v = (double)bytes;

	if (bytes >= 1000000000)
		snprintf(out, WORDS_NUMBER, "%.1f GB", v / 1e9);
	else if (bytes >= 1000000)
		snprintf(out, WORDS_NUMBER, "%.1f MB", v / 1e6);
	else if (bytes >= 1000)
		snprintf(out, WORDS_NUMBER, "%.0f kB", v / 1e3);
	else
		snprintf(out, WORDS_NUMBER, "%.0f B", v);
	return words_decimal(out, vi);
}

char *words_date(char out[WORDS_NUMBER], int64_t utc_ns)
{
	time_t t = (time_t)(utc_ns / 1000000000);
	struct tm local;

	if (!localtime_r(&t, &local) ||
		!strftime(out, WORDS_NUMBER, "%Y-%m-%d %H:%M:%S %z", &local))
		*out = 0;
	return out;
}

const char *words_errno(int err, bool vi)
{
	static const struct {
		int err;
		enum word w;
	} known[] = {
		{ ENOENT, W_NO_SUCH_FILE },
		{ EACCES, W_NO_RIGHT },
		{ EPERM, W_NO_RIGHT },
		{ EROFS, W_READ_ONLY },
		{ ENOSPC, W_DISK_FULL },
		{ ENOTDIR, W_NO_FOLDER },
		{ EIO, W_MEDIUM_BAD },
		{ ETIMEDOUT, W_TOO_SLOW },
		{ ECONNREFUSED, W_REFUSED },
		{ ENETUNREACH, W_NO_WAY },
		{ EHOSTUNREACH, W_NO_WAY },
	};

	err = abs(err);
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].err == err)
			return word(known[i].w, vi);
	return strerror(err);
}

/* --- columns ------------------------------------------------------------------------------------------ */
char *words_safe(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if ((*c < 0x20 && !strchr("\n\r\t", *c)) || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) /* C1, ECMA-48 5.3 */
			c[0] = c[1] = '?';
	return text;
}

size_t words_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void words_pad(FILE *out, const char *text, size_t columns)
{
	size_t n = words_columns(text);

	fputs(text, out);
	for (; n < columns; n++)
		fputc(' ', out);
}
