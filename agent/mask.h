/* SPDX-License-Identifier: Apache-2.0 */
/* Takes out of texts and documents what belongs to a person or opens a door, before they leave the device by hand.
 * Rather too much than too little. */
#ifndef AGENT_MASK_H
#define AGENT_MASK_H

#include "../probes/core/buf.h"

struct json_object;

#define MASK_SECRETS 32

struct mask {
	bool with_place;
	char *secrets[MASK_SECRETS]; /* known ones: they go wherever they stand */
	size_t count;
};
void mask_init(struct mask *m, bool with_place);
void mask_done(struct mask *m);
/* Adds a secret; what is shorter than four bytes, or the name of a usual user, would only spoil the text. */
void mask_know(struct mask *m, const char *secret, size_t n);

/* Appends the text with X in place of: runs of nine or more digits and the same in groups (IMSI, IMEI, ICCID, phone
 * numbers), MAC addresses in each usual form, also in names of interfaces, public IPv4 and all IPv6 addresses, user
 * names in URLs, mail addresses and home folders, long hexadecimal numbers, known secrets.  Unless with_place, decimals
 * are cut to two digits (0.01 degrees are about a kilometre) and NMEA positions go. */
void mask_text(const struct mask *m, struct buf *out, const char *text);

/* A file of settings: values of keys that are secrets or names of users go and are known from then on, the rest is
 * mask_text(). */
void mask_config(struct mask *m, struct buf *out, const char *text);
bool mask_is_secret(const char *key, size_t n); /* by its name: "password", "sim_pin", "key" */

/* All texts inside of o, and coordinates by their keys; secrets by theirs. */
void mask_json(const struct mask *m, struct json_object *o);

#endif
