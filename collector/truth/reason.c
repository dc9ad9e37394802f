/* SPDX-License-Identifier: Apache-2.0 */
/* The reason of a judgement in words. */
#include "inside.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/mem.h"

#include <stdio.h>
#include <string.h>

#define FILLS 8

static void say_in(
	char *reason, enum i18n_key key, const char *lang, const struct fill *fill, size_t n)
{
	char number[FILLS][I18N_NUMBER];
	const char *pairs[2 * FILLS + 1] = { NULL };
	struct buf b;
	size_t len = strlen(reason);

	for (size_t i = 0; i < n && i < FILLS; i++) {
		const char *text = !strcmp(lang, "en") ? fill[i].en : fill[i].vi;

		pairs[2 * i] = fill[i].name;
		pairs[2 * i + 1] =
			fill[i].vi ? text
				   : i18n_number(number[i], fill[i].number, fill[i].decimals, lang);
	}
	buf_init(&b, REASON_MAX);
	i18n_put(&b, key, lang, pairs);
	/* a sentence that does not fit is left out whole */
	if (!b.err && b.len + len + 2 <= REASON_MAX)
		snprintf(reason + len, REASON_MAX - len, "%s%s", len ? " " : "", buf_text(&b));
	buf_done(&b);
}

void reason_say(struct judgement *j, enum i18n_key key, const struct fill *fill, size_t n)
{
	say_in(j->reason_vi, key, "vi", fill, n);
	say_in(j->reason_en, key, "en", fill, n);
}

static void say_samples(struct judgement *j, const struct profile *p, const struct verdict *v)
{
	const struct evidence *e = &v->at->e;
	double no_service = e->slots[SLOT_NO_SERVICE], limited = e->slots[SLOT_LIMITED],
	       other = e->slots[SLOT_OTHER];
	const struct fill fill[] = {
		{ "n", NULL, NULL, e->n, 0 },
		{ "days", NULL, NULL, e->days, 0 },
		{ "parts", NULL, NULL, evidence_parts(e->parts), 0 },
		{ "bad", NULL, NULL, no_service + limited + other, 0 },
		{ "no_service", NULL, NULL, no_service, 0 },
		{ "limited", NULL, NULL, limited, 0 },
		{ "other", NULL, NULL, other, 0 },
	};
	const struct fill need[] = {
		{ "n", NULL, NULL, e->n, 0 },
		{ "days", NULL, NULL, e->days, 0 },
		{ "parts", NULL, NULL, evidence_parts(e->parts), 0 },
		{ "need_n", NULL, NULL, profile_value(p, P_MIN_N), 0 },
		{ "need_days", NULL, NULL, profile_value(p, P_MIN_DAYS), 0 },
		{ "need_parts", NULL, NULL, profile_value(p, P_MIN_PARTS), 0 },
	};

	if (v->why == TR_WHY_TOO_FEW)
		reason_say(j, TR_WHY_TOO_FEW, need, COUNT(need));
	else
		reason_say(j, TR_WHY_NONE, fill, COUNT(fill));
}

static bool is_share(enum i18n_key why)
{
	return why == TR_WHY_UNSTABLE_SHARE || why == TR_WHY_WEAK_LEVEL ||
	       why == TR_WHY_WEAK_DOWN_SHARE || why == TR_WHY_COVERED;
}

static void say_threshold(struct judgement *j, const struct profile *p, const struct verdict *v)
{
	bool up = v->why == TR_WHY_WEAK_UP_MEAN;
	double scale = is_share(v->why) ? 100 : 1;
	const struct levels *l = &v->at->e.levels;
	const struct fill fill[] = {
		{ "share", NULL, NULL, v->value * scale, 1 },
		{ "value", NULL, NULL, v->value * scale, 1 },
		{ "limit", NULL, NULL, v->limit * scale, 1 },
		{ "hours", NULL, NULL, evidence_outage_h(&v->at->e), 1 },
		{ "level", NULL, NULL, profile_value(p, P_RSRP), 0 },
		{ "rate", NULL, NULL, profile_value(p, P_DOWN_RATE), 1 },
		{ "n", NULL, NULL, up ? l->up_n : l->down_n, 0 },
	};

	reason_say(j, v->why, fill, COUNT(fill));
	if (v->class == POINT_OK && v->rate_unmeasured)
		reason_say(j, TR_WHY_RATE_UNMEASURED, fill, COUNT(fill));
}

static const char *operator_name(const struct judge_input *in, uint32_t plmn)
{
	for (size_t i = 0; i < in->operator_count; i++)
		if (in->operators[i].plmn == plmn)
			return in->operators[i].name;
	return NULL;
}

static bool measured(const struct judge_input *in, uint32_t plmn)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->at[i].plmn == plmn && !*in->at[i].point && in->at[i].e.n)
			return true;
	return false;
}

static void say_missing(struct judgement *j, const struct judge_input *in)
{
	struct buf names;
	size_t count = 0;

	buf_init(&names, 400);
	for (size_t i = 0; i < in->operator_count; i++)
		if (!measured(in, in->operators[i].plmn))
			buf_printf(&names, "%s%s", count++ ? ", " : "", in->operators[i].name);
	reason_say(j, TR_WHY_OPERATORS_MISSING,
		&(struct fill){ "operators", count ? buf_text(&names) : "–",
			count ? buf_text(&names) : "–", 0, 0 },
		1);
	buf_done(&names);
}

void reason_of_point(struct judgement *j, const struct judge_input *in, const struct verdict *v)
{
	const char *best = j->plmn ? NULL : operator_name(in, v->plmn);

	switch (v->why) {
	case TR_WHY_NEVER:
	case TR_WHY_NONE_OPERATORS:
	case TR_WHY_RSRP_ALONE:
	case TR_WHY_SEEN:
		reason_say(j, v->why, NULL, 0);
		break;
	case TR_WHY_OPERATORS_MISSING:
		say_missing(j, in);
		break;
	case TR_WHY_NONE:
	case TR_WHY_TOO_FEW:
		say_samples(j, in->profile, v);
		break;
	default:
		say_threshold(j, in->profile, v);
	}
	if (best && v->class > POINT_NONE)
		reason_say(
			j, TR_WHY_BY_OPERATOR, &(struct fill){ "operator", best, best, 0, 0 }, 1);
}

void reason_of_silence(struct judgement *j, const struct judge_input *in)
{
	static const enum i18n_key cause[TRUTH_CAUSES] = { TR_CAUSE_UNKNOWN, TR_CAUSE_UNKNOWN,
		TR_CAUSE_POWER, TR_CAUSE_BACKHAUL, TR_CAUSE_CREDIT, TR_CAUSE_MODEM };
	const char *before = truth_status_name[j->before];
	char since[CLOCK_TEXT];
	struct fill fill[2] = { { "since", since, since, 0, 0 },
		{ "cause", i18n(cause[j->cause], "vi"), i18n(cause[j->cause], "en"), 0, 0 } };

	clock_text(in->last_usable_ns, since);
	since[10] = ' '; /* "2026-11-23 20:38Z": to the minute */
	snprintf(since + 16, sizeof(since) - 16, "Z");
	j->reason_vi[0] = j->reason_en[0] = 0;
	reason_say(j, TR_WHY_SILENT, fill, 2);
	reason_say(j, TR_WHY_SILENT_BEFORE,
		&(struct fill){
			"status", i18n_status(before, "vi"), i18n_status(before, "en"), 0, 0 },
		1);
}
