/* SPDX-License-Identifier: Apache-2.0 */
/* What `enroll` says: Vietnamese, English. */
#ifndef AGENT_ENROLL_TEXTS_H
#define AGENT_ENROLL_TEXTS_H

#include "enroll.h"

struct enroll_text {
	const char *what[2], *advice[2];
};
extern const struct enroll_text talk_texts[TALK_TROUBLES];
extern const struct enroll_text enroll_claim_form, enroll_claim_typo, enroll_no_key, enroll_future,
	enroll_not_there, enroll_not_understood, enroll_not_kept;

struct enroll_refusal { /* by the collector's word; ends with {0} */
	const char *code;
	struct enroll_text text;
};
extern const struct enroll_refusal enroll_refusals[];

#endif
