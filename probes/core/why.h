/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence for a person: what is wrong, in which file, line or field. */
#ifndef CORE_WHY_H
#define CORE_WHY_H

#define PRINTF(i, j) __attribute__((format(printf, i, j)))
#define MUST_CHECK   __attribute__((warn_unused_result))

struct why {
	char text[320]; /* empty until something failed; always terminated */
};

/* Writes the sentence (the first one stays: it is nearest to the cause) and returns err, so that a
 * failing line can be `return why_say(why, -EINVAL, "...")`.  why may be NULL. */
int why_say(struct why *why, int err, const char *format, ...) PRINTF(3, 4);

#endif
