/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's side of enrolment: the authority, requests of strangers, who guesses too often. */
#include "store_fixture.h"

#include "agent/enroll.h"
#include "collector/enroll/authority.h"
#include "collector/enroll/enroll.h"
#include "collector/enroll/limit.h"
#include "probes/core/file.h"
#include "probes/core/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

static struct shop sh;
static char probe[PROBE_ID_TEXT];
static struct authority *ca;
static struct buf request; /* of sh.me */

static int begin(void **state)
{
	struct why why = { "" };

	(void)state;
	shop_new(&sh);
	probe_id_text(identity_id(sh.me), probe);
	if (authority_open(&ca, sh.folder, &why))
		fail_msg("%s", why.text);
	buf_init(&request, 16384);
	assert_int_equal(enroll_request(&request, sh.me, &why), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	authority_free(ca);
	buf_done(&request);
	shop_done(&sh);
	return 0;
}

static char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", sh.folder, name);
	return text;
}

static int again(struct why *why)
{
	authority_free(ca);
	ca = NULL;
	return authority_open(&ca, sh.folder, why);
}

/* --- the authority --- */
static void an_authority_is_made_once_and_its_key_is_its_own(void **state)
{
	char *pem = mem_copy(authority_certificate(ca));
	struct why why = { "" };
	struct stat st;

	(void)state;
	assert_int_equal(stat(path("authority/ca.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(again(&why), 0);
	assert_string_equal(authority_certificate(ca), pem);
	free(pem);
}

static void what_is_there_and_wrong_is_left_alone(void **state)
{
	struct why why = { "" };
	struct buf text;

	(void)state;
	assert_int_equal(chmod(path("authority/ca.key"), 0644), 0);
	assert_int_equal(again(&why), -EPERM);
	assert_int_equal(file_replace(path("authority/ca.key"), "rubbish", 7, 0600), 0);
	why.text[0] = 0;
	assert_int_equal(again(&why), -EINVAL);
	buf_init(&text, 100);
	assert_int_equal(file_read(path("authority/ca.key"), &text), 0);
	assert_string_equal(buf_text(&text), "rubbish");
	buf_done(&text);
}

static void a_key_without_its_certificate_is_not_made_anew(void **state)
{
	struct why why = { "" };

	(void)state;
	assert_int_equal(unlink(path("authority/ca.crt")), 0);
	assert_int_equal(again(&why), -EINVAL);
	assert_int_equal(access(path("authority/ca.key"), F_OK), 0);
}

/* --- requests --- */
static void a_request_of_the_probe_itself_is_signed(void **state)
{
	struct X509_req_st *r = NULL;
	struct store_certificate cert, same;
	struct why why = { "" };
	struct buf pem;

	(void)state;
	assert_int_equal(request_check(&r, buf_text(&request), request.len, probe, &why), 0);
	buf_init(&pem, 16384);
	assert_int_equal(authority_sign(ca, r, probe, 30, &cert, &pem, &why), 0);
	assert_string_equal(cert.probe, probe);
	assert_int_equal(strlen(cert.serial), 32);
	assert_in_range(cert.expires_ns - clock_wall(), 29 * STORE_DAY_NS, 30 * STORE_DAY_NS);
	assert_int_equal(enroll_certificate(cert.pem, sh.me, &why), 0);
	assert_int_equal(certificate_check(r, probe, cert.pem, &same, &why), 0);
	assert_string_equal(same.serial, cert.serial);
	assert_int_equal(certificate_check(r, "aaaa", cert.pem, &same, &why), -EPERM);
	buf_done(&pem);
	request_free(r);
}

static void a_request_of_another_is_refused(void **state)
{
	struct identity *other;
	struct X509_req_st *r = NULL;
	struct store_certificate cert;
	struct why why = { "" };
	struct buf foreign, pem;
	char id[PROBE_ID_TEXT];

	(void)state;
	assert_int_equal(identity_make(&other), 0);
	buf_init(&foreign, 16384);
	buf_init(&pem, 16384);
	assert_int_equal(enroll_request(&foreign, other, &why), 0);
	assert_int_equal(request_check(&r, buf_text(&foreign), foreign.len, probe, &why), -EPERM);
	assert_int_equal(request_check(&r, buf_text(&request), request.len, "x", &why), -EPERM);
	/* a certificate for one is none for the other */
	probe_id_text(identity_id(other), id);
	assert_int_equal(request_check(&r, buf_text(&foreign), foreign.len, id, &why), 0);
	assert_int_equal(authority_sign(ca, r, id, 30, &cert, &pem, &why), 0);
	assert_int_equal(enroll_certificate(cert.pem, sh.me, &why), -EPERM);
	request_free(r);
	buf_done(&pem);
	buf_done(&foreign);
	identity_free(other);
}

static void a_request_that_was_changed_or_is_none_is_refused(void **state)
{
	struct X509_req_st *r = NULL;
	char *text = mem_copy(buf_text(&request)), *middle = strchr(text, '\n') + 40;
	size_t n = request.len;

	(void)state;
	for (int i = 0; i < 60; i++, middle++) {
		char was = *middle;

		if (was == '\n' || was == '-')
			continue;
		*middle = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(request_check(&r, text, n, probe, NULL), 0);
		*middle = was;
	}
	for (size_t i = 0; i < n - 1; i += 7)
		assert_int_not_equal(request_check(&r, text, i, probe, NULL), 0);
	assert_int_equal(request_check(&r, "", 0, probe, NULL), -EBADMSG);
	free(text);
}

static void a_key_that_is_no_ed25519_is_refused(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *made = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	struct X509_req_st *r = NULL;
	char *text;
	long n;

	(void)state;
	assert_true(X509_REQ_set_pubkey(made, key) && X509_REQ_sign(made, key, EVP_sha256()));
	assert_int_equal(PEM_write_bio_X509_REQ(bio, made), 1);
	n = BIO_get_mem_data(bio, &text);
	assert_int_equal(request_check(&r, text, (size_t)n, probe, NULL), -EPERM);
	BIO_free(bio);
	X509_REQ_free(made);
	EVP_PKEY_free(key);
}

static void names_of_servers_cannot_bring_more_with_them(void **state)
{
	static const char *const wrong[] = { "a,DNS:b", "a b", "", "a/CN=b", "ạ" };
	struct why why = { "" };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(authority_server(ca, &wrong[i], 1, 10, "/x", "/x", &why), -EINVAL);
	assert_int_equal(authority_server(ca, NULL, 0, 10, "/x", "/x", &why), -EINVAL);
}

/* --- one enrolment --- */
static const char *code_of(const struct buf *answer)
{
	static char text[64];
	struct json_object *o = json_tokener_parse(buf_text(answer)), *v;

	text[0] = 0;
	if (json_object_object_get_ex(o, "code", &v))
		snprintf(text, sizeof(text), "%s", json_object_get_string(v));
	json_object_put(o);
	return text;
}

static unsigned ask(
	struct enroller *e, const char *claim, const char *who, const char *csr, struct buf *answer)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct json_object *o = json_object_new_object();
	const char *text;
	unsigned status, retry;

	json_object_object_add(o, "claim", json_object_new_string(claim));
	json_object_object_add(o, "probe", json_object_new_string(who));
	json_object_object_add(o, "csr", json_object_new_string(csr));
	text = json_object_to_json_string(o);
	buf_clear(answer);
	status = enroll_take(e, (struct sockaddr *)&from, text, strlen(text), answer, &retry);
	json_object_put(o);
	return status;
}

static void one_probe_comes_in_with_one_claim(void **state)
{
	struct enroll_options o = { .folder = sh.folder,
		.brokers = { "mqtts://b:8883" },
		.broker_ca_file = "",
		.ca_command = "",
		.days = 30,
		.collector_key = identity_public(sh.me) };
	struct store_claim c = { .role = ROLE_ROAMING, .expires_ns = clock_wall() + STORE_DAY_NS };
	char code[CLAIM_CODE], second[CLAIM_CODE], wrong[CLAIM_CODE];
	struct enroller *e = NULL;
	struct store_claim used;
	struct why why = { "" };
	struct buf answer;
	uint64_t revoked;

	(void)state;
	buf_init(&answer, 65536);
	assert_int_equal(enroll_claim(sh.s, &c, "x", code, &why), 0);
	assert_int_equal(enroll_claim(sh.s, &c, "x", second, &why), 0);
	assert_int_equal(enroll_new(&e, &o, &why), 0);
	/* the public part of one with the secret of the other, and a check symbol that fits */
	snprintf(wrong, sizeof(wrong), "%.4s%s", code, second + 4);
	for (const char *x = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *x; x++) {
		wrong[CLAIM_SYMBOLS - 1] = *x;
		if (!claim_parse(wrong, wrong))
			break;
	}
	assert_int_equal(ask(e, wrong, probe, buf_text(&request), &answer), 403);
	assert_string_equal(code_of(&answer), "claim_unknown");
	assert_int_equal(ask(e, code, probe, "no request", &answer), 400);
	assert_string_equal(code_of(&answer), "request_refused");
	assert_int_equal(store_claim(sh.s, claim_name(code, wrong), &used), 0);
	assert_int_equal(used.used_ns, 0); /* still good */
	assert_int_equal(ask(e, code, probe, buf_text(&request), &answer), 200);
	assert_non_null(strstr(buf_text(&answer), "BEGIN CERTIFICATE"));
	assert_int_equal(ask(e, code, probe, buf_text(&request), &answer), 200);
	assert_int_equal(enroll_revoke(sh.s, probe, "", "", "x", &revoked, &why), 0);
	assert_int_equal(revoked, 1); /* the second time it got the same */
	enroll_free(e);
	o.ca_command = "/bin/false";
	assert_int_equal(
		enroll_new(&e, &o, &why), -EINVAL); /* whose certificates have the brokers? */
	buf_done(&answer);
}

static void a_program_that_fails_signs_nothing(void **state)
{
	struct enroll_options o = { .folder = sh.folder,
		.brokers = { "mqtts://b:8883" },
		.broker_ca_file = path("authority/ca.crt"),
		.ca_command = "/bin/false",
		.days = 30,
		.collector_key = identity_public(sh.me) };
	struct store_claim c = { .role = ROLE_ROAMING, .expires_ns = clock_wall() + STORE_DAY_NS };
	char code[CLAIM_CODE], name[CLAIM_NAME];
	struct enroller *e = NULL;
	struct why why = { "" };
	struct buf answer;

	(void)state;
	buf_init(&answer, 65536);
	assert_int_equal(enroll_claim(sh.s, &c, "x", code, &why), 0);
	assert_int_equal(enroll_new(&e, &o, &why), 0);
	assert_int_equal(ask(e, code, probe, buf_text(&request), &answer), 500);
	assert_string_equal(code_of(&answer), "failed");
	assert_int_equal(store_claim(sh.s, claim_name(code, name), &c), 0);
	assert_int_equal(c.used_ns, 0);
	enroll_free(e);
	buf_done(&answer);
}

/* --- guessing --- */
static struct sockaddr_in6 from(const char *text)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return a;
}

static void who_guesses_wrong_waits_and_others_do_not(void **state)
{
	struct limit *l = mem_new(sizeof(*l));
	struct sockaddr_in6 a = from("2001:db8::1"), same = from("2001:db8::ffff:1"),
			    other = from("2001:db8:0:1::1"), mapped = from("::ffff:192.0.2.1");
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201) };

	(void)state;
	for (int i = 0; i < LIMIT_FAILURES; i++) {
		assert_int_equal(limit_wait_s(l, (struct sockaddr *)&a, 1000), 0);
		limit_failed(l, (struct sockaddr *)&a, 1000);
	}
	assert_in_range(limit_wait_s(l, (struct sockaddr *)&a, 1000), 590, 601);
	assert_in_range(limit_wait_s(l, (struct sockaddr *)&same, 1000), 590, 601); /* one /64 */
	assert_int_equal(limit_wait_s(l, (struct sockaddr *)&other, 1000), 0);
	assert_int_equal(limit_wait_s(l, (struct sockaddr *)&a, 1000 + LIMIT_WINDOW_NS), 0);
	for (int i = 0; i < LIMIT_FAILURES; i++)
		limit_failed(l, (struct sockaddr *)&mapped, 1000);
	assert_true(limit_wait_s(l, (struct sockaddr *)&v4, 1000)); /* the same one */
	/* the table is bounded: many addresses push out the one that has not tried for longest */
	for (uint32_t i = 0; i < 2 * LIMIT_ADDRESSES; i++) {
		v4.sin_addr.s_addr = htonl(0x0a000000 + i);
		limit_failed(l, (struct sockaddr *)&v4, 2000 + i);
	}
	assert_int_equal(limit_wait_s(l, (struct sockaddr *)&a, 5000), 0);
	free(l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(an_authority_is_made_once_and_its_key_is_its_own),
		T(what_is_there_and_wrong_is_left_alone),
		T(a_key_without_its_certificate_is_not_made_anew),
		T(a_request_of_the_probe_itself_is_signed),
		T(a_request_of_another_is_refused),
		T(a_request_that_was_changed_or_is_none_is_refused),
		T(a_key_that_is_no_ed25519_is_refused),
		T(names_of_servers_cannot_bring_more_with_them),
		T(one_probe_comes_in_with_one_claim),
		T(a_program_that_fails_signs_nothing),
		cmocka_unit_test(who_guesses_wrong_waits_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
