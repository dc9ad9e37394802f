/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects fill: a signal record behind plausibility gates.  Several answers may tell the same
 * thing; the one of the better rank holds, among equals the later. */
#ifndef MODEM_RADIO_H
#define MODEM_RADIO_H

#include "../core/record.h"

enum radio_rank {
	RANK_NONE,
	RANK_GUESS,   /* +CSQ, an index without context */
	RANK_GENERIC, /* 3GPP commands */
	RANK_SECOND,  /* a vendor's command beside the main one */
	RANK_BEST,    /* the vendor's own serving cell */
};

enum radio_domain {
	DOMAIN_CS,
	DOMAIN_PS,
	DOMAIN_EPS,
	DOMAIN_5GS,
	RADIO_DOMAINS
}; /* +CREG +CGREG +CEREG +C5GREG */

#define RADIO_FIRST      FIELD_RAT
#define RADIO_FIELDS_ALL (FIELD_MODEM_HEALTHY - FIELD_RAT + 1)

struct radio {
	struct record *r;
	uint8_t rank[RADIO_FIELDS_ALL];
	bool refused[RADIO_FIELDS_ALL];
	int8_t stat[RADIO_DOMAINS]; /* <stat> of TS 27.007 10.1.22 and its kin, -1 not told */
	char model[48];             /* some scales depend on it */
	char state[16];             /* the first line of a Quectel answer speaks for the next two */
	bool radio_off;    /* somebody switched the radio off: what is not heard says nothing */
	bool reports_lost; /* the modem forgot what we had set: it restarted */
	char imsi[16];     /* never goes into the record */
	/* as ModemManager tells them: where the modem sits ("/sys/devices/..."), and its SIM's object */
	char device[160], sim_object[64];
};

void radio_begin(struct radio *x, struct record *r, const char *model);

/* A sentinel (-32768, -3276, -256 ...) sets nothing.  A value outside its gate sets nothing and is named in
 * FIELD_IMPLAUSIBLE. */
void radio_int(struct radio *x, enum radio_rank rank, enum field f, int64_t v);
void radio_real(struct radio *x, enum radio_rank rank, enum field f, double v);
void radio_text(struct radio *x, enum radio_rank rank, enum field f, const char *text);
void radio_bool(struct radio *x, enum radio_rank rank, enum field f, bool yes);

/* From the texts of an answer ("-105", "4AA3", "-", "0x7D08"); what is not a number sets nothing. */
void radio_int_text(struct radio *x, enum radio_rank rank, enum field f, const char *text);
void radio_hex_text(struct radio *x, enum radio_rank rank, enum field f, const char *text);
void radio_real_text(
	struct radio *x, enum radio_rank rank, enum field f, const char *text, double scale);

/* MCC and MNC as digits: "452", "04".  Two digits stay two. */
void radio_plmn(
	struct radio *x, enum radio_rank rank, enum field f, const char *mcc, const char *mnc);
/* MNC as a number that lost its leading zeros. */
void radio_plmn_numbers(struct radio *x, enum radio_rank rank, enum field f, int mcc, int mnc);
/* The network at the head of an IMSI into the record; the rest of it stays in x. */
void radio_home_of_imsi(struct radio *x, const char *imsi);

void radio_registration(struct radio *x, enum radio_domain d, int stat);

/* Indexes of TS 27.007 8.69 (+CESQ); absent ones set nothing. */
enum radio_index {
	INDEX_RXLEV,
	INDEX_RSCP,
	INDEX_ECNO,
	INDEX_RSRQ,
	INDEX_RSRP,
	INDEX_SS_RSRQ,
	INDEX_SS_RSRP,
	INDEX_SS_SINR
};
void radio_index(struct radio *x, enum radio_rank rank, enum field f, enum radio_index kind,
	const char *text);

bool radio_has(const struct radio *x, enum field f);
const char *radio_get_text(const struct radio *x, enum field f); /* "" when absent */

/* Values that contradict each other go; what follows from the others is added. */
void radio_end(struct radio *x);

/* Copies at most room - 1 bytes of a modem's answer with subscriber identities (digit runs of ten or more,
 * TMSI, IP addresses) masked by X and control characters gone; returns the length. */
size_t radio_mask(char *out, size_t room, const char *answer);

#endif
