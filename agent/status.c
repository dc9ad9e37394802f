/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent status: is my data in?  What the running agent says of itself; without one, what its journal
 * holds. */
#include "control.h"
#include "doc.h"
#include "options.h"
#include "settings.h"
#include "status_at_rest.h"
#include "status_document.h"
#include "status_lines.h"
#include "../probes/core/log.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

void status_complete(struct json_object *o, const struct data *d)
{
	struct json_object *j = doc_at(o, "journal");
	char text[CLOCK_TEXT];
	struct utsname u;

	json_object_object_add(o, "data_in", json_object_new_string(data_word(d->in)));
	if (!uname(&u))
		json_object_object_add(o, "kernel", json_object_new_string(u.release));
	if (!j)
		return;
	json_object_object_add(j, "oldest_waiting_utc",
		d->oldest_utc_ns == UTC_UNKNOWN
			? NULL
			: json_object_new_string(clock_text(d->oldest_utc_ns, text)));
	json_object_object_add(j, "oldest_waiting_age_s",
		d->oldest_age_s < 0 ? NULL : json_object_new_int64(d->oldest_age_s));
}

static void tell(const struct conf *c, struct json_object *o, const struct options *opt)
{
	struct data d;

	log_quiet(true);
	data_of(&d, c, o);
	status_complete(o, &d);
	if (opt->json)
		puts(json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		status_say(o, &d, opt->vietnamese);
}

int status_command(int argc, char **argv)
{
	char path[STATE_PATH];
	struct json_object *o = NULL;
	struct conf *c = NULL;
	struct options opt;
	int err, status = options_read(&opt, OPTION_CONF | OPTION_JSON | OPTION_LANG, argc, argv);

	if (status >= 0)
		return status;
	if (opt.count)
		return wrong_use("status", "\"%s\" is not understood", opt.words[0]);
	status = agent_conf_open(&c, opt.conf);
	if (status >= 0)
		return status;
	err = control_ask(&o, state_path(c, CONTROL_SOCKET, path));
	if (!err && !json_object_is_type(o, json_type_object))
		err = -EBADMSG;
	if (err == -ECONNREFUSED || err == -ENOENT) {
		fprintf(stderr, "phusong-agent status: %s (%s)\n",
			word(W_S_NOT_RUNNING, opt.vietnamese), path);
		status_at_rest(c, opt.json, opt.vietnamese);
	} else if (err)
		fprintf(stderr, "phusong-agent status: %s: %s\n", path,
			words_errno(err, opt.vietnamese));
	else
		tell(c, o, &opt);
	json_object_put(o);
	conf_free(c);
	return err ? EXIT_FAILED : EXIT_DONE;
}
