/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent check: all that is wrong with a configuration, before it is used. */
#include "options.h"
#include "settings.h"

#define TEXT_MAX (256 << 10)

int check_command(int argc, char **argv)
{
	struct options o;
	struct conf *c = NULL;
	struct buf text;
	char n[WORDS_NUMBER];
	int status = options_read(&o, OPTION_CONF | OPTION_PRINT | OPTION_LANG, argc, argv);

	if (status >= 0)
		return status;
	if (o.count)
		return wrong_use(
			"check", "\"%s\" is not understood; the file goes after -c", o.words[0]);
	status = agent_conf_open(&c, o.conf);
	if (status >= 0)
		return status;
	buf_init(&text, TEXT_MAX);
	if (o.print)
		conf_print(&text, c);
	else {
		words_put(&text, o.vietnamese, W_CHECK_GOOD,
			FILL("file", o.conf, "n", words_int(n, (int64_t)conf_count(c, "tests"))));
		buf_puts(&text, "\n");
	}
	fputs(buf_text(&text), stdout);
	buf_done(&text);
	conf_free(c);
	return EXIT_DONE;
}
