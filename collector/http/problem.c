/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered when there is no answer: a page for people, RFC 9457 for programs. */
#include "../i18n.h"
#include "html.h"
#include "request.h"

#include <json-c/json.h>
#include <string.h>

static unsigned as_json(struct reply *r, unsigned status, const char *title)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "status", json_object_new_int((int)status));
	json_object_object_add(o, "title", json_object_new_string(title));
	buf_puts(&r->body, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	buf_puts(&r->body, "\n");
	json_object_put(o);
	r->type = "application/problem+json";
	return status;
}

unsigned reply_problem(const struct request *q, struct reply *r, unsigned status)
{
	bool ours = status >= 500, missing = status == 404;
	const char *title = i18n(missing ? TR_NOT_FOUND
				 : ours  ? TR_SERVER_PROBLEM
					 : TR_BAD_REQUEST,
		q->lang);

	buf_clear(&r->body);
	r->type = NULL;
	r->max_age_s = 0;
	r->zipped = false;
	if (!strncmp(q->path, "/api/", 5) || !strncmp(q->path, "/collections", 12))
		return as_json(r, status, title);
	html_begin(q, r, title, "", false);
	if (missing || ours) {
		buf_puts(&r->body, "<p class=\"lead\">");
		html_text(&r->body,
			i18n(missing ? TR_NOT_FOUND_LEAD : TR_SERVER_PROBLEM_LEAD, q->lang));
		buf_puts(&r->body, "</p>\n");
	}
	html_end(q, r, NULL);
	return status;
}
