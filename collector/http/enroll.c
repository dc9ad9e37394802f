/* SPDX-License-Identifier: Apache-2.0 */
/* The one thing that can be changed over HTTP: a probe comes in with a claim. */
#include "endpoints.h"

#include "../enroll/enroll.h"

unsigned api_enroll(const struct request *q, struct reply *r)
{
	struct enroller *e = context_enroller(q->context);
	unsigned status;

	if (!e)
		return reply_problem(q, r, 404);
	/* the code is a secret, and what comes back decides whom the probe trusts */
	if (!q->secure)
		return reply_problem(q, r, 403);
	status = enroll_take(e, q->from, q->body, q->body_len, &r->body, &r->retry_s);
	r->type = status == 200 ? "application/json" : "application/problem+json";
	return status;
}
