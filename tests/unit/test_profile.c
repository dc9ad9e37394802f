/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/truth_fixture.h"

#include <stdlib.h>
#include <unistd.h>

static void shipped_profiles_load(void **state)
{
	static const char *const files[] = { "config/profiles/vn-4g-2019.conf",
		"config/profiles/vn-5g-2021.conf" };
	struct buf problems;

	(void)state;
	buf_init(&problems, 1 << 16);
	for (size_t i = 0; i < 2; i++) {
		struct profile p;

		if (profile_load(&p, files[i], &problems))
			fail_msg("%s", buf_text(&problems));
		assert_int_equal(strlen(p.hash), 64);
		assert_non_null(strstr(files[i], p.id));
		for (size_t k = 0; k < P_COUNT; k++)
			assert_true(!p.t[k].given || *p.t[k].source);
	}
	buf_done(&problems);
}

static void the_level_of_qcvn_81_is_not_called_confirmed(void **state)
{
	struct buf problems;
	struct profile p;

	(void)state;
	buf_init(&problems, 1 << 16);
	assert_int_equal(profile_load(&p, "config/profiles/vn-4g-2019.conf", &problems), 0);
	assert_int_equal(p.t[P_RSRP].basis, BASIS_UNCONFIRMED);
	assert_int_equal(p.t[P_DOWN_SHARE].basis, BASIS_UNCONFIRMED);
	assert_int_equal(p.t[P_AVAILABILITY].basis, BASIS_CONFIRMED);
	assert_true(profile_value(&p, P_RSRP) == -121);
	buf_done(&problems);
}

static void a_profile_changes_its_hash_with_any_setting(void **state)
{
	struct profile a = fixture_profile(), b = fixture_profile();
	struct buf problems;

	(void)state;
	buf_init(&problems, 1 << 16);
	assert_int_equal(profile_seal(&a, &problems), 0);
	assert_int_equal(profile_seal(&b, &problems), 0);
	assert_string_equal(a.hash, b.hash);
	b.t[P_RSRP].value = -120;
	assert_int_equal(profile_seal(&b, &problems), 0);
	assert_string_not_equal(a.hash, b.hash);
	b = a;
	b.t[P_RSRP].basis = BASIS_UNCONFIRMED;
	assert_int_equal(profile_seal(&b, &problems), 0);
	assert_string_not_equal(a.hash, b.hash);
	buf_done(&problems);
}

#define HEAD \
	"id=\"x\"; name_vi=\"x\"; name_en=\"x\"; technology=\"4g\"; rats=(\"LTE\"); thresholds=("
#define T(key, value, unit) \
	"{ key=\"" key "\"; value=" value "; unit=\"" unit "\"; basis=\"own\"; source=\"s\"; }"

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ HEAD T("rsrp_least_dbm", "-300.0", "dBm") ");",
			"rsrp_least_dbm: -300 is not within" },
		{ HEAD T("rsrp_least_dbm", "-100.0", "dB") ");", "its unit is \"dBm\"" },
		{ HEAD T("min_days", "5.0", "days") "," T("min_days", "6.0", "days") ");",
			"min_days is given twice" },
		{ HEAD T("min_days", "5.0", "days") ");", "window_days is missing" },
		{ HEAD T("magic", "5.0", "") ");", "key" },
		{ HEAD "{ key=\"min_days\"; value=5.0; unit=\"days\"; basis=\"law\"; source=\"s\"; "
		       "});",
			"basis" },
		{ HEAD "{ key=\"min_days\"; value=5.0; unit=\"days\"; basis=\"own\"; source=\"\"; "
		       "});",
			"without a source" },
		{ HEAD T("down_share", "0.9", "share") ");", "go together" },
		{ "id=\"x\";", "" },
		{ "{{{", "" },
	};
	char path[] = "/tmp/phusong-profile-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile p;
		struct buf problems;

		buf_init(&problems, 1 << 16);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, cases[i].text, strlen(cases[i].text), 0) > 0);
		assert_int_not_equal(profile_load(&p, path, &problems), 0);
		if (!*buf_text(&problems) || !strstr(buf_text(&problems), cases[i].says))
			fail_msg("%s\nsaid: %s", cases[i].says, buf_text(&problems));
		buf_done(&problems);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_profiles_load),
		cmocka_unit_test(the_level_of_qcvn_81_is_not_called_confirmed),
		cmocka_unit_test(a_profile_changes_its_hash_with_any_setting),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
