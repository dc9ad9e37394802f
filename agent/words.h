/* SPDX-License-Identifier: Apache-2.0 */
/* Every text of the agent that a person reads, in Vietnamese and English, NFC UTF-8.  {name} in a text is
 * filled in; both languages of a key have the same names. */
#ifndef AGENT_WORDS_H
#define AGENT_WORDS_H

#include "words_cause.h"
#include "words_doctor.h"
#include "words_texts.h"
#include "../probes/core/buf.h"
#include <stdio.h>

#define WORDS(X) WORDS_TEXTS(X) WORDS_CAUSE(X) WORDS_DOCTOR(X)

enum word {
	W_NONE, /* "" */
#define X(key, vi, en) W_##key,
	WORDS(X)
#undef X
		WORD_COUNT
};

const char *word(enum word w, bool vi);

/* Appends the text with each {name} replaced; fill: name, value, name, value, ..., NULL.  A name that is not
 * in fill stays as it is. */
void words_put(struct buf *out, bool vi, enum word w, const char *const fill[]);
void words_print(FILE *out, bool vi, enum word w, const char *const fill[]);
char *words_text(char *out, size_t room, bool vi, enum word w,
	const char *const fill[]); /* cut at a character's end; returns out */
#define FILL(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* For the word of a record ("modem_hung", "home", "captive_portal") what it means, W_NONE when it is new to us. */
struct word_of {
	const char *name;
	enum word means, todo; /* todo may be W_NONE */
};
const struct word_of *word_of_error(const char *name);   /* never NULL: one for all others */
const struct word_of *word_of_verdict(const char *name); /* NULL: none of ours */
enum word word_of_state(const char *name);               /* access state */
enum word word_of_cause(const char *name);               /* of an access state */
enum word word_of_registration(const char *name);
const struct word_of *word_of_sim(const char *name); /* never NULL; means W_NONE: none of ours */
/* word(w), or when that is W_NONE the name itself. */
const char *word_or(enum word w, bool vi, const char *name);

#define WORDS_NUMBER 48
/* 95.25 -> "95,3" in Vietnamese, "95.3" in English.  All return out. */
char *words_real(char out[WORDS_NUMBER], bool vi, double v, int decimals);
char *words_int(char out[WORDS_NUMBER], int64_t v);
char *words_span(char out[WORDS_NUMBER], bool vi, int64_t seconds); /* "3 phút", "2 h 5 min" */
char *words_bytes(char out[WORDS_NUMBER], bool vi, uint64_t bytes); /* "1,2 MB" */
char *words_date(char out[WORDS_NUMBER], int64_t utc_ns);           /* local time with its offset */
char *words_decimal(char *text, bool vi);  /* the points between digits of a text become commas */
const char *words_errno(int err, bool vi); /* -errno or errno; strerror() for the rare ones */

/* Modems and networks name things: what a terminal would obey becomes "?"; ends of lines and tabs stay.  Returns text. */
char *words_safe(char *text);

size_t words_columns(
	const char *text); /* characters: what a terminal needs for our two languages */
void words_pad(FILE *out, const char *text, size_t columns);

#endif
