/* SPDX-License-Identifier: Apache-2.0 */
#include "orders_plan.h"
#include <errno.h>
#include <string.h>

int plan_order_run(struct schedule *s, const char *test, struct why *why)
{
	int err = schedule_run_now(s, test);

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return why_say(why, err, "there is no test \"%s\"", test);
	case -EBUSY:
		return why_say(why, err, "%s is running", test);
	case -EPERM:
		return why_say(why, err, "%s is suppressed", test);
	case -ESHUTDOWN:
		return why_say(why, err, "%s is switched off by the plan that holds", test);
	default:
		return why_say(why, err, "%s: %s", test, strerror(-err));
	}
}

int plan_order(struct schedule *s, const struct order_entry *entry, size_t n, struct why *why)
{
	struct schedule_change change[ORDER_ENTRIES];

	if (n > ORDER_ENTRIES)
		return why_say(why, -E2BIG, "more than %d tests", ORDER_ENTRIES);
	for (size_t i = 0; i < n; i++)
		change[i] = (struct schedule_change){ .test = entry[i].test,
			.interval_ns = entry[i].interval_s * NS_PER_S,
			.off = entry[i].enabled == 0 };
	return schedule_replan(s, change, n, why);
}

int plan_order_suppress(
	struct schedule *s, const char *what, int64_t until_ns, bool stop_running, struct why *why)
{
	/* the schedule counts since boot, sleep included */
	int64_t until_mono = clock_mono() + (until_ns - clock_loop());
	int err = schedule_suppress(s, what, until_mono, stop_running);

	return err ? why_say(why, err, "\"%s\" cannot be suppressed: %s", what, strerror(-err)) : 0;
}

int plan_order_unsuppress(struct schedule *s, const char *what, struct why *why)
{
	int err = schedule_unsuppress(s, what);

	/* it may have ended by itself: what was asked for holds */
	return err && err != -ENOENT ? why_say(why, err, "\"%s\": %s", what, strerror(-err)) : 0;
}

bool plan_order_tag(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *s = conf_at(c, "tests", i);

		for (size_t k = 0; k < settings_count(s, "tags"); k++)
			if (!strcmp(settings_text_at(s, "tags", k), name))
				return true;
	}
	return false;
}
