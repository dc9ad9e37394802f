/* SPDX-License-Identifier: Apache-2.0 */
#include "level.h"
#include "../probes/core/mem.h"
#include <string.h>

/* The default bounds of Android's signal bars, which is what the phones in the village show: AOSP,
 * CarrierConfigManager lte_rsrp_thresholds_int_array, 5g_nr_ssrsrp_thresholds_int_array and
 * wcdma_rscp_thresholds_int_array, CellSignalStrengthGsm.  No regulation: QCVN 81:2019 names a least level whose
 * number is not published.  A bare RSSI (+CSQ) is judged by GSM's. */
static const struct {
	enum field field;
	double from[4]; /* of grades 1 to 4, dBm */
} scales[] = {
	{ FIELD_RSRP, { -128, -118, -108, -98 } },
	{ FIELD_NR_RSRP, { -110, -90, -80, -65 } },
	{ FIELD_RSCP, { -115, -105, -95, -85 } },
	{ FIELD_RXLEV, { -107, -103, -97, -89 } },
	{ FIELD_RSSI, { -107, -103, -97, -89 } },
};

#define NR_SCALE 1

static void judge(struct level *l, const double from[4])
{
	double low = from[0] - 12, high = from[3] + 18;

	l->grade = 0;
	for (unsigned i = 0; i < 4; i++)
		if (l->dbm >= from[i])
			l->grade = i + 1;
	l->fair = from[1];
	l->good = from[2];
	l->share = (l->dbm - low) / (high - low);
	if (l->share < 0)
		l->share = 0;
	if (l->share > 1)
		l->share = 1;
}

bool level_of(const struct record *r, struct level *out)
{
	const char *rat = record_text(r, FIELD_RAT);
	size_t scale;

	if (record_has(r, FIELD_ERROR))
		return false;
	for (size_t i = 0; i < COUNT(scales); i++) {
		if (!record_has(r, scales[i].field))
			continue;
		/* SA has its SS-RSRP where LTE has its RSRP */
		scale = rat && scales[i].field == FIELD_RSRP && !strcmp(rat, "NR5G-SA") ? NR_SCALE
		                                                                        : i;
		out->field = scales[i].field;
		out->dbm = record_real(r, scales[i].field, 0);
		judge(out, scales[scale].from);
		return true;
	}
	return false;
}

enum word level_word(unsigned grade)
{
	static const enum word words[] = { W_LV_BAD, W_LV_POOR, W_LV_FAIR, W_LV_GOOD, W_LV_GREAT };

	return words[grade < COUNT(words) ? grade : 0];
}

char *level_source(char *out, size_t room, bool vi, const struct level *l)
{
	char bounds[120], good[WORDS_NUMBER], fair[WORDS_NUMBER];

	words_text(bounds, sizeof(bounds), vi, W_LV_BOUNDS,
		FILL("good", words_real(good, vi, l->good, 0), "fair",
			words_real(fair, vi, l->fair, 0)));
	return words_text(out, room, vi, W_LV_SOURCE, FILL("bounds", bounds));
}
