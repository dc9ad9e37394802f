/* SPDX-License-Identifier: Apache-2.0 */
#include "survey_show.h"
#include "show.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BAR_EMPTY_DBM (-140.0)
#define BAR_FULL_DBM  (-60.0)

struct words {
	const char *word, *vi, *en;
};

static const struct words fixes[] = {
	{ "3d", "có vị trí", "position" },
	{ "2d", "có vị trí (2D)", "position (2D)" },
	{ "none", "không dùng GNSS: bản ghi không có vị trí", "no GNSS: records have no position" },
	{ "no_data", "GNSS im lặng: bản ghi không có vị trí",
		"the receiver is silent: records have no position" },
	{ "no_fix", "GNSS chưa bắt được vệ tinh", "no fix yet" },
	{ "no_time", "GNSS không báo giờ, không dùng được",
		"the receiver tells no time: not used" },
	{ "unproven", "chưa rõ vị trí mới hay cũ", "not yet known to be fresh" },
	{ "stale", "GNSS báo lại vị trí cũ, không dùng", "an old fix told again: not used" },
	{ "poor", "vị trí quá kém, không dùng", "too poor to be used" },
	{ NULL, "không rõ", "unknown" },
};

static const char *said(const struct words *w, const char *word, bool vi)
{
	while (w->word && strcmp(w->word, word))
		w++;
	return vi ? w->vi : w->en;
}

void survey_bar(double dbm, char out[3 * SURVEY_BAR + 1])
{
	double share = (dbm - BAR_EMPTY_DBM) / (BAR_FULL_DBM - BAR_EMPTY_DBM);
	int full = !(share > 0) ? 0 : share >= 1 ? SURVEY_BAR : (int)lround(share * SURVEY_BAR);

	*out = 0;
	for (int i = 0; i < SURVEY_BAR; i++)
		memcpy(out + 3 * i, i < full ? "█" : "░", 4);
}

static void show_signal(FILE *out, const struct survey_view *v)
{
	const struct record *r = v->signal;
	char bar[3 * SURVEY_BAR + 1];
	enum survey_rat rat;
	double dbm;

	if (!r) {
		fputs(v->vietnamese ? "đang hỏi modem ..." : "asking the modem ...", out);
		return;
	}
	if (record_has(r, FIELD_ERROR)) {
		fprintf(out, "%s: %s", record_text(r, FIELD_ERROR),
			record_has(r, FIELD_ERROR_TEXT) ? record_text(r, FIELD_ERROR_TEXT) : "");
		return;
	}
	if (survey_level(r, &rat, &dbm)) {
		survey_bar(dbm, bar);
		fprintf(out, "%s %4.0f dBm  ", bar, dbm);
	}
	if (record_has(r, FIELD_RAT))
		fprintf(out, "%s %s %s", record_text(r, FIELD_RAT),
			record_has(r, FIELD_PLMN) ? record_text(r, FIELD_PLMN) : "",
			record_has(r, FIELD_OPERATOR_NAME) ? record_text(r, FIELD_OPERATOR_NAME)
							   : "");
	else
		fprintf(out, "%s (%s)", v->vietnamese ? "không có trạm phục vụ" : "no cell serves",
			record_has(r, FIELD_REGISTRATION) ? record_text(r, FIELD_REGISTRATION)
							  : "?");
}

static void show_latency(FILE *out, const struct survey_view *v)
{
	char text[RECORD_ARENA];

	if (!v->latency)
		return;
	if (record_has(v->latency, FIELD_RTT_P50_US))
		fprintf(out, "%s%s", v->vietnamese ? ", trễ " : ", round trip ",
			show_value(v->latency, FIELD_RTT_P50_US, text, sizeof(text)));
	else
		fputs(v->vietnamese ? ", không có hồi đáp" : ", no replies", out);
}

static void show_fix(FILE *out, const struct survey_view *v)
{
	fprintf(out, "GNSS %s: %s", v->fix, said(fixes, v->fix, v->vietnamese));
	if (*v->problem && !strcmp(v->fix, "no_data"))
		fprintf(out, " (%s)", v->problem);
	if (v->near && !isnan(v->near->fix.accuracy_m))
		fprintf(out, " ±%.0f m", v->near->fix.accuracy_m);
	if (v->near && v->near->fix.satellites >= 0)
		fprintf(out, v->vietnamese ? ", %d vệ tinh" : ", %d satellites",
			v->near->fix.satellites);
}

static void show_sums(FILE *out, const struct survey_view *v)
{
	const struct survey_sum *s = v->sum;

	fprintf(out,
		v->vietnamese ? "%" PRIu64 " mẫu, %" PRIu64 " có vị trí, bỏ %" PRIu64
				" giây | %.2f km"
			      : "%" PRIu64 " samples, %" PRIu64 " with position, %" PRIu64
				" seconds skipped | %.2f km",
		s->samples, s->placed, s->skipped, s->walked_m / 1000);
	fprintf(out, " | %02" PRId64 ":%02" PRId64 ":%02" PRId64, v->seconds / 3600,
		v->seconds / 60 % 60, v->seconds % 60);
	if (v->lost)
		fprintf(out,
			v->vietnamese ? " | ĐÃ MẤT %" PRIu64 " bản ghi: bộ nhớ đầy"
				      : " | %" PRIu64 " RECORDS LOST: the journal is full",
			v->lost);
}

void survey_show(FILE *out, const struct survey_view *v, bool terminal, bool again)
{
	const char *clear = terminal ? "\033[K" : "";

	if (terminal) /* a line that wraps would be two, and the next time is written over one */
		fprintf(out, "\033[?7l%s", again ? "\033[3A\r" : "");
	show_signal(out, v);
	show_latency(out, v);
	fprintf(out, "%s\n", clear);
	show_fix(out, v);
	fprintf(out, "%s\n", clear);
	show_sums(out, v);
	fprintf(out, "%s\n%s", clear, terminal ? "\033[?7h" : "");
	fflush(out);
}

void survey_summary(FILE *out, const struct survey_view *v)
{
	const struct survey_sum *s = v->sum;
	bool vi = v->vietnamese;
	struct survey_levels l;

	fprintf(out,
		vi ? "Xong: %" PRIu64 " mẫu trong %" PRId64 " phút %" PRId64 " giây, %" PRIu64
		     " có vị trí, %" PRIu64 " không; đi được %.2f km.\n"
		   : "Done: %" PRIu64 " samples in %" PRId64 " min %" PRId64 " s, %" PRIu64
		     " with a position, %" PRIu64 " without; %.2f km.\n",
		s->samples, v->seconds / 60, v->seconds % 60, s->placed, s->samples - s->placed,
		s->walked_m / 1000);
	for (int i = 0; i < SURVEY_RATS; i++)
		if (survey_levels(s, (enum survey_rat)i, &l))
			fprintf(out,
				vi ? "  %-9s %" PRIu64
				     " mẫu: yếu nhất %d, trung vị %d, mạnh nhất %d dBm\n"
				   : "  %-9s %" PRIu64
				     " samples: weakest %d, median %d, strongest %d dBm\n",
				survey_rat_name[i], l.n, l.least, l.median, l.most);
	if (s->unserved)
		fprintf(out,
			vi ? "  %" PRIu64 " mẫu không có trạm phục vụ\n"
			   : "  %" PRIu64 " samples without a cell that serves\n",
			s->unserved);
	if (s->failed)
		fprintf(out,
			vi ? "  %" PRIu64 " lần modem không trả lời được\n"
			   : "  %" PRIu64 " times the modem could not be read\n",
			s->failed);
	if (s->skipped)
		fprintf(out,
			vi ? "  %" PRIu64 " giây bỏ qua vì vòng hỏi trước chưa xong\n"
			   : "  %" PRIu64 " seconds skipped: the round before was not over\n",
			s->skipped);
	if (v->lost)
		fprintf(out,
			vi ? "  %" PRIu64 " bản ghi ĐÃ MẤT vì bộ nhớ đầy; nhật ký ghi rõ\n"
			   : "  %" PRIu64
			     " records were LOST, the journal was full; it says which\n",
			v->lost);
	fputs(vi ? "Kết quả nằm trong nhật ký của thiết bị: phusong-agent run gửi qua mạng, "
		   "phusong-agent export "
		   "TỆP ghi ra USB.\n"
		 : "The records are in the probe's journal: phusong-agent run sends them, "
		   "phusong-agent export "
		   "FILE takes them out.\n",
		out);
}
