/* SPDX-License-Identifier: Apache-2.0 */
/* Scans and neighbours as mmcli and uqmi print them.  uqmi names its cells with empty keys, which makes the JSON
 * invalid, so that list is read as what it is: keys, numbers and braces. */
#include "cells.h"
#include "text.h"
#include "tool.h"
#include "../core/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind key, up to end or a quote or the end of the line. */
static bool up_to(const char *line, const char *key, const char *end, char *out, size_t room)
{
	const char *at = strstr(line, key), *stop;
	size_t n;

	if (!at)
		return false;
	at += strlen(key);
	stop = strstr(at, end);
	n = strcspn(at, "\"\r\n");
	if (stop && (size_t)(stop - at) < n)
		n = (size_t)(stop - at);
	if (n >= room)
		n = room - 1;
	memcpy(out, at, n);
	out[n] = 0;
	return n && strcmp(out, "--") != 0;
}

static bool after(const char *line, const char *key, char *out, size_t room)
{
	return up_to(line, key, ", ", out, room);
}

/* The line at s, without what follows. */
static void line_at(const char *s, char line[TEXT_LINE])
{
	size_t n = strcspn(s, "\r\n");

	if (n > TEXT_LINE - 1)
		n = TEXT_LINE - 1;
	memcpy(line, s, n);
	line[n] = 0;
}

static const char *technology(const char *name)
{
	static const struct {
		const char *says, *rat;
	} words[] = { { "5gnr", "NR5G-SA" }, { "lte", "LTE" }, { "hs", "WCDMA" },
		{ "umts", "WCDMA" }, { "td-scdma", "WCDMA" }, { "gsm", "GSM" }, { "gprs", "GSM" },
		{ "edge", "GSM" } };

	for (size_t i = 0; i < COUNT(words); i++)
		if (strstr(name, words[i].says))
			return words[i].rat;
	return NULL;
}

static void plmn_of(struct radio *x, const char *code)
{
	char mcc[4] = "";

	if (strlen(code) < 5)
		return;
	memcpy(mcc, code, 3);
	radio_plmn(x, RANK_BEST, FIELD_PLMN, mcc, code + 3);
}

/* operator-code: 45204, operator-name: Viettel, access-technologies: lte, availability: current */
static void mm_network(struct cells *c, const char *at)
{
	char line[TEXT_LINE], text[64];
	struct record r;
	struct radio x;

	line_at(at, line);
	cell_begin(&x, &r);
	if (after(line, "operator-code: ", text, sizeof(text)))
		plmn_of(&x, text);
	/* a name may have commas */
	if (up_to(line, "operator-name: ", ", access-technologies: ", text, sizeof(text)))
		radio_text(&x, RANK_BEST, FIELD_OPERATOR_NAME, text);
	if (after(line, "access-technologies: ", text, sizeof(text)))
		radio_text(&x, RANK_BEST, FIELD_RAT, technology(text));
	if (after(line, "availability: ", text, sizeof(text)))
		record_set_text(&r, FIELD_PLMN_STATUS, text);
	if (radio_has(&x, FIELD_PLMN))
		cell_give(c, &x);
}

static bool lists(struct json_object *words, const char *word)
{
	for (size_t i = 0; json_object_is_type(words, json_type_array) && i < 16 &&
			   i < json_object_array_length(words);
		i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(words, i)) ?: "",
			    word))
			return true;
	return false;
}

static const char *status_of(struct json_object *words)
{
	return lists(words, "current_serving") ? "current"
	       : lists(words, "forbidden")     ? "forbidden"
	       : lists(words, "available")     ? "available"
	                                       : "unknown";
}

static bool same_network(struct json_object *a, struct json_object *b)
{
	double mcc, mnc, other_mcc, other_mnc;

	return tool_number(a, "mcc", &mcc) && tool_number(a, "mnc", &mnc) &&
	       tool_number(b, "mcc", &other_mcc) && tool_number(b, "mnc", &other_mnc) &&
	       mcc == other_mcc && mnc == other_mnc;
}

/* One network by one technology; its name and status stand in another list. */
static void uqmi_network(struct cells *c, struct json_object *by, struct json_object *networks)
{
	struct record r;
	struct radio x;
	double mcc, mnc;

	cell_begin(&x, &r);
	radio_text(&x, RANK_BEST, FIELD_RAT, technology(tool_text(by, "radio")));
	if (!tool_number(by, "mcc", &mcc) || !tool_number(by, "mnc", &mnc) || mcc < 0 ||
		mcc > 999 || mnc < 0 || mnc > 999)
		return;
	radio_plmn_numbers(&x, RANK_BEST, FIELD_PLMN, (int)mcc, (int)mnc);
	for (size_t i = 0; i < json_object_array_length(networks) && i < CELLS_MOST; i++) {
		struct json_object *n = json_object_array_get_idx(networks, i);

		if (!same_network(by, n))
			continue;
		radio_text(&x, RANK_BEST, FIELD_OPERATOR_NAME, tool_text(n, "description"));
		record_set_text(&r, FIELD_PLMN_STATUS, status_of(tool_member(n, "status", NULL)));
	}
	if (radio_has(&x, FIELD_PLMN))
		cell_give(c, &x);
}

static void uqmi_scan(struct cells *c, const char *answer)
{
	struct json_object *o = tool_json(answer, strlen(answer));
	struct json_object *networks = tool_member(o, "network_info", NULL),
			   *radios = tool_member(o, "radio_access_technology", NULL);

	if (json_object_is_type(networks, json_type_array) &&
		json_object_is_type(radios, json_type_array))
		for (size_t i = 0; i < json_object_array_length(radios) && i < CELLS_MOST; i++)
			uqmi_network(c, json_object_array_get_idx(radios, i), networks);
	json_object_put(o);
}

void tool_scan_cells(struct cells *c, const char *answer)
{
	for (const char *at = strstr(answer, "operator-code: "); at;
		at = strstr(at + 1, "operator-code: "))
		mm_network(c, at);
	if (strstr(answer, "\"network_info\""))
		uqmi_scan(c, answer);
}

/* --- neighbours ----------------------------------------------------------------------------------------------- */

/* cell type: lte, serving: no, operator id: 45204, physical ci: D3, earfcn: 1825, rsrp: -96.000000, ... */
static void mm_cell(struct cells *c, const char *at)
{
	char line[TEXT_LINE], text[64];
	struct record r;
	struct radio x;
	bool nr;

	line_at(at, line);
	if (!after(line, "cell type: ", text, sizeof(text)))
		return;
	cell_begin(&x, &r);
	nr = strstr(text, "nr") || strstr(text, "5g");
	radio_text(&x, RANK_BEST, FIELD_RAT, nr ? "NR5G-SA" : technology(text));
	if (after(line, "operator id: ", text, sizeof(text)))
		plmn_of(&x, text);
	if (after(line, ", tac: ", text, sizeof(text)))
		radio_hex_text(&x, RANK_BEST, FIELD_TAC, text);
	if (after(line, ", ci: ", text, sizeof(text)))
		radio_hex_text(&x, RANK_BEST, FIELD_CELL, text);
	if (after(line, "physical ci: ", text, sizeof(text)))
		radio_hex_text(&x, RANK_BEST, FIELD_PCI, text);
	if (after(line, "arfcn: ", text, sizeof(text)))
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text);
	if (after(line, "rsrp: ", text, sizeof(text)))
		radio_real_text(&x, RANK_BEST, FIELD_RSRP, text, 1);
	if (after(line, "rsrq: ", text, sizeof(text)))
		radio_real_text(&x, RANK_BEST, FIELD_RSRQ, text, 1);
	if (after(line, "sinr: ", text, sizeof(text)))
		radio_real_text(&x, RANK_BEST, FIELD_SINR, text, 1);
	if (after(line, "rscp: ", text, sizeof(text)))
		radio_real_text(&x, RANK_BEST, FIELD_RSCP, text, 1);
	if (radio_has(&x, FIELD_RSRP) || radio_has(&x, FIELD_RSCP))
		cell_give(c, &x);
}

#define DEPTH 8

struct object { /* one pair of braces */
	char section[32];
	char channel[16], id[16], rsrp[16], rsrq[16], rssi[16], rscp[16];
};

struct scanner {
	struct cells *cells;
	struct object stack[DEPTH];
	int depth;
};

static void uqmi_cell(struct scanner *s, const struct object *o)
{
	bool gsm = strstr(o->section, "gsm") || strstr(o->section, "geran"),
	     umts = !gsm && (strstr(o->section, "wcdma") || !strcmp(o->section, "umts_info"));
	struct record r;
	struct radio x;

	cell_begin(&x, &r);
	radio_int_text(&x, RANK_BEST, FIELD_ARFCN, o->channel);
	radio_int_text(&x, RANK_BEST, FIELD_PCI, o->id);
	if (gsm) {
		radio_text(&x, RANK_BEST, FIELD_RAT, "GSM");
		radio_real_text(&x, RANK_BEST, FIELD_RXLEV, o->rssi, 1);
	} else if (umts) {
		radio_text(&x, RANK_BEST, FIELD_RAT, "WCDMA");
		radio_real_text(&x, RANK_BEST, FIELD_RSCP, o->rscp, 1);
	} else {
		radio_text(&x, RANK_BEST, FIELD_RAT, "LTE");
		radio_real_text(&x, RANK_BEST, FIELD_RSRP, o->rsrp, 1);
		radio_real_text(&x, RANK_BEST, FIELD_RSRQ, o->rsrq, 1);
		radio_real_text(&x, RANK_BEST, FIELD_RSSI, o->rssi, 1);
	}
	if (radio_has(&x, FIELD_RSRP) || radio_has(&x, FIELD_RSCP) || radio_has(&x, FIELD_RXLEV))
		cell_give(s->cells, &x);
}

/* Opened inside another: it has the section and the channel of that one until it says otherwise. */
static void push(struct scanner *s, const char *key)
{
	struct object fresh = { .section = "" };
	const struct object *outer;

	if (++s->depth >= DEPTH)
		return;
	outer = &s->stack[s->depth - 1];
	memcpy(fresh.channel, outer->channel, sizeof(fresh.channel));
	if (*key)
		snprintf(fresh.section, sizeof(fresh.section), "%s", key);
	else
		memcpy(fresh.section, outer->section, sizeof(fresh.section));
	s->stack[s->depth] = fresh;
}

static void pop(struct scanner *s)
{
	const struct object *o;

	if (s->depth <= 0)
		return;
	if (s->depth < DEPTH) {
		o = &s->stack[s->depth];
		/* the serving cell of NR has a section of its own, and no neighbours */
		if (*o->id && strncmp(o->section, "nr5g", 4) != 0)
			uqmi_cell(s, o);
	}
	s->depth--;
}

static void value(struct scanner *s, const char *key, const char *text)
{
	struct object *o = &s->stack[s->depth < DEPTH ? s->depth : DEPTH - 1];
	const struct {
		const char *key;
		char *to;
	} keys[] = { { "channel", o->channel }, { "physical_cell_id", o->id },
		{ "primary_scrambling_code", o->id }, { "base_station_identity_code", o->id },
		{ "rsrp", o->rsrp }, { "rsrq", o->rsrq }, { "rssi", o->rssi },
		{ "rscp", o->rscp } };

	for (size_t i = 0; s->depth < DEPTH && i < COUNT(keys); i++)
		if (!strcmp(key, keys[i].key))
			snprintf(keys[i].to, 16, "%.15s", text);
}

/* Copies what is there up to a character of end; returns where it stopped. */
static const char *token(const char *at, const char *end, char *out, size_t room)
{
	size_t n = strcspn(at, end);

	snprintf(out, room, "%.*s", (int)(n < room ? n : room - 1), at);
	return at + n;
}

static void uqmi_cells(struct cells *c, const char *at)
{
	struct scanner s = { .cells = c };
	char key[32] = "", text[32];

	while (*at) {
		if (*at == '"') {
			at = token(at + 1, "\"", text, sizeof(text));
			at += *at == '"';
			at += strspn(at, " \t\r\n");
			snprintf(key, sizeof(key), "%s", *at == ':' ? text : "");
		} else if (*at == '{' || *at == '[') {
			push(&s, key);
			key[0] = 0;
			at++;
		} else if (*at == '}' || *at == ']') {
			pop(&s);
			at++;
		} else if (strchr("-0123456789", *at)) {
			at = token(at, " ,}]\t\r\n{[\"", text, sizeof(text));
			value(&s, key, text);
			key[0] = 0;
		} else {
			at++;
		}
	}
}

void tool_neighbour_cells(struct cells *c, const char *answer)
{
	for (const char *at = strstr(answer, "cell type: "); at; at = strstr(at + 1, "cell type: "))
		mm_cell(c, at);
	if (strstr(answer, "lte_info\"") || strstr(answer, "umts_info\""))
		uqmi_cells(c, answer);
}
