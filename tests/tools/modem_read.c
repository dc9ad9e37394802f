/* SPDX-License-Identifier: Apache-2.0 */
/* modem_read PORT [TIMEOUT_S]: one round for each line on standard input, printed as a line of JSON.  For tests. */
#include "probes/core/codec.h"
#include "probes/modem/modem.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
	struct loop *loop;
	bool done;
};

static void print(void *arg, const struct record *r)
{
	struct reader *reader = arg;
	struct json_object *o = codec_json(r);

	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	fflush(stdout);
	json_object_put(o);
	reader->done = true;
}

int main(int argc, char **argv)
{
	struct reader reader = { 0 };
	struct modems *modems = NULL;
	int64_t timeout_ns = (argc > 2 ? strtol(argv[2], NULL, 10) : 20) * NS_PER_S;
	char line[16];
	int err = 0;

	if (argc < 2 || loop_new(&reader.loop) || modems_new(&modems, reader.loop))
		return 2;
	while (!err && fgets(line, sizeof(line), stdin)) {
		reader.done = false;
		err = modem_read(modems_get(modems, argv[1]), timeout_ns, print, &reader);
		while (!err && !reader.done)
			err = loop_turn(reader.loop, -1);
	}
	modems_free(modems);
	loop_free(reader.loop);
	return err ? 1 : 0;
}
