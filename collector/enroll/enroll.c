/* SPDX-License-Identifier: Apache-2.0 */
/* One enrolment: who guesses wrong too often waits; the code; the request; then certificate, registry and claim
 * in one transaction.  The same probe may ask again with the same claim, because an answer can be lost. */
#include "enroll.h"
#include "../../probes/core/file.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"
#include "authority.h"
#include "command.h"
#include "limit.h"

#include <errno.h>
#include <json-c/json.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH    4
#define PEM_MOST (64 * 1024)

struct enroller {
	struct enroll_options o;
	struct authority *authority; /* NULL: another one signs */
	char *ca;                    /* PEM that probes get, to know the brokers by */
	pthread_mutex_t lock;        /* of what follows, and one enrolment at a time */
	struct limit limit;
};

struct asking { /* one request */
	const char *claim, *probe, *csr;
	char code[CLAIM_CODE];
	struct store_claim c;
	struct store_certificate cert;
	struct buf pem;
};

static unsigned problem(struct buf *answer, unsigned status, const char *code, const char *detail)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "status", json_object_new_int((int)status));
	json_object_object_add(o, "title", json_object_new_string(detail));
	json_object_object_add(o, "code", json_object_new_string(code));
	buf_clear(answer);
	buf_puts(answer, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	buf_puts(answer, "\n");
	json_object_put(o);
	return status;
}

/* --- what was asked --- */
static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
	               ? json_object_get_string(v)
	               : NULL;
}

static struct json_object *parse(const char *body, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH);
	struct json_object *o = t ? json_tokener_parse_ex(t, body, (int)n) : NULL;

	if (o &&
		(!json_object_is_type(o, json_type_object) || json_tokener_get_parse_end(t) != n)) {
		json_object_put(o);
		o = NULL;
	}
	if (t)
		json_tokener_free(t);
	return o;
}

static bool sound_probe(const char *text)
{
	uint8_t id[PROBE_ID];
	char back[PROBE_ID_TEXT];

	return text && !probe_id_parse(text, id) && !strcmp(probe_id_text(id, back), text);
}

/* --- the claim --- */
static const char claim_unknown[] = "there is no such claim";

static unsigned check_claim(struct store *s, struct asking *a, struct buf *answer, int64_t now)
{
	char name[CLAIM_NAME];
	uint8_t hash[CLAIM_HASH];
	struct store_probe p;
	int err;

	if (claim_parse(a->claim, a->code))
		return problem(answer, 403, "claim_malformed",
			"the claim code has a wrong symbol, or is not whole");
	claim_hash(a->code, hash);
	err = store_claim(s, claim_name(a->code, name), &a->c);
	if (err && err != -ENOENT)
		return problem(answer, 500, "failed", "the store cannot be read");
	/* whether the name or the rest was wrong is nobody's business */
	if (err || CRYPTO_memcmp(hash, a->c.hash, CLAIM_HASH))
		return problem(answer, 403, "claim_unknown", claim_unknown);
	/* a probe that was taken out of service does not come back by itself */
	if (a->c.used_ns && !strcmp(a->c.probe, a->probe) && !store_probe(s, a->probe, &p) &&
		p.retired)
		return problem(
			answer, 403, "claim_used", "the probe that used this claim is retired");
	if (a->c.used_ns && strcmp(a->c.probe, a->probe))
		return problem(answer, 403, "claim_used", "another probe has used this claim");
	if (now >= a->c.expires_ns)
		return problem(answer, 403, "claim_expired", "the claim has expired");
	return 200;
}

/* --- the certificate --- */
static int sign_elsewhere(
	struct enroller *e, struct X509_req_st *r, struct asking *a, struct why *why)
{
	int err = command_run(
		e->o.ca_command, "sign", e->o.folder, a->csr, a->probe, e->o.days, &a->pem, why);

	return err ? err : certificate_check(r, a->probe, buf_text(&a->pem), &a->cert, why);
}

/* The one the probe has, if this claim was used by it already; else a new one. */
static int certify(struct enroller *e, struct store *s, struct asking *a, int64_t now, bool *fresh,
	struct why *why)
{
	struct X509_req_st *r = NULL;
	int err = request_check(&r, a->csr, strlen(a->csr), a->probe, why);

	if (err)
		return err;
	*fresh = false;
	err = a->c.used_ns ? store_certificate(s, a->probe, now, &a->cert, &a->pem) : -ENOENT;
	if (err == -ENOENT) {
		*fresh = true;
		err = e->authority ? authority_sign(e->authority, r, a->probe, e->o.days, &a->cert,
					     &a->pem, why)
		                   : sign_elsewhere(e, r, a, why);
	}
	a->cert.pem = buf_text(&a->pem);
	request_free(r);
	return err;
}

/* --- the answer --- */
static struct json_object *or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

static struct json_object *place_of(struct store *s, const struct store_claim *c)
{
	struct json_object *o;
	struct store_hamlet h;
	struct store_unit u;

	if (!*c->hamlet || store_hamlet(s, c->hamlet, &h))
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "code", json_object_new_string(h.code));
	json_object_object_add(o, "name", or_null(h.name));
	json_object_object_add(o, "cluster", or_null(c->cluster));
	json_object_object_add(o, "commune",
		or_null(store_unit(s, UNIT_COMMUNE, h.commune, STORE_TODAY, &u) ? h.commune
										: u.full_name));
	json_object_object_add(o, "province",
		or_null(store_unit(s, UNIT_PROVINCE, h.province, STORE_TODAY, &u) ? h.province
										  : u.full_name));
	return o;
}

static void put_answer(struct enroller *e, struct store *s, struct asking *a, struct buf *answer)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	char key[2 * PUBLIC_KEY + 1], text[CLOCK_TEXT];

	for (size_t i = 0; i < PUBLIC_KEY; i++)
		snprintf(key + 2 * i, 3, "%02x", e->o.collector_key[i]);
	for (size_t i = 0; e->o.brokers[i]; i++)
		json_object_array_add(list, json_object_new_string(e->o.brokers[i]));
	json_object_object_add(o, "probe", json_object_new_string(a->probe));
	json_object_object_add(o, "hamlet", place_of(s, &a->c));
	json_object_object_add(o, "role", json_object_new_string(probe_role_name[a->c.role]));
	json_object_object_add(o, "certificate", json_object_new_string(buf_text(&a->pem)));
	json_object_object_add(
		o, "expires", json_object_new_string(clock_text(a->cert.expires_ns, text)));
	json_object_object_add(o, "ca", json_object_new_string(e->ca));
	json_object_object_add(o, "brokers", list);
	json_object_object_add(o, "collector_key", json_object_new_string(key));
	buf_clear(answer);
	buf_puts(answer, json_object_to_json_string_ext(
				 o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(answer, "\n");
	json_object_put(o);
}

/* --- all of it --- */
static unsigned enroll(struct enroller *e, struct store *s, struct asking *a, struct buf *answer)
{
	int64_t now = clock_wall();
	unsigned status = check_claim(s, a, answer, now);
	struct why why = { "" };
	bool fresh;
	int err;

	if (status != 200)
		return status;
	err = certify(e, s, a, now, &fresh, &why);
	if (err == -EBADMSG || err == -EPERM || err == -EKEYREJECTED)
		return problem(answer, 400, "request_refused", why.text);
	if (!err && fresh)
		err = store_claim_use(s, &a->c, &a->cert, &why);
	if (err == -EPERM)
		return problem(answer, 403, "claim_used", "another probe has used this claim");
	if (err) {
		log_error("enroll", "probe %s with claim %s: %s", a->probe, a->c.name, why.text);
		return problem(
			answer, 500, "failed", "the collector could not do it; its log says why");
	}
	put_answer(e, s, a, answer);
	log_info("enroll", "probe %s with claim %s: hamlet %s, certificate %s%s", a->probe,
		a->c.name, *a->c.hamlet ? a->c.hamlet : "-", a->cert.serial,
		fresh ? "" : " (again)");
	return 200;
}

static unsigned with_store(struct enroller *e, struct asking *a, struct buf *answer)
{
	struct store *s = NULL;
	struct why why = { "" };
	unsigned status;

	if (store_open(&s, e->o.folder, STORE_WRITE, &why)) {
		log_error("enroll", "%s", why.text);
		return problem(answer, 500, "failed", "the store cannot be opened");
	}
	buf_init(&a->pem, PEM_MOST);
	status = enroll(e, s, a, answer);
	buf_done(&a->pem);
	store_close(s);
	return status;
}

unsigned enroll_take(struct enroller *e, const struct sockaddr *from, const char *body, size_t n,
	struct buf *answer, unsigned *retry_s)
{
	struct json_object *o = parse(body, n);
	struct asking a = { 0 };
	unsigned status;

	if (o)
		a = (struct asking){ .claim = text_of(o, "claim"),
			.probe = text_of(o, "probe"),
			.csr = text_of(o, "csr") };
	pthread_mutex_lock(&e->lock);
	*retry_s = limit_wait_s(&e->limit, from, clock_loop());
	if (*retry_s)
		status =
			problem(answer, 429, "too_many", "too many wrong claims from this address");
	else if (!a.claim || !a.csr || !sound_probe(a.probe))
		status = problem(answer, 400, "bad_request",
			"claim, probe and csr are needed, as texts of a JSON object");
	else
		status = with_store(e, &a, answer);
	if (status == 403) /* a guess; what is no request is no guess */
		limit_failed(&e->limit, from, clock_loop());
	pthread_mutex_unlock(&e->lock);
	json_object_put(o);
	return status;
}

/* --- life --- */
static int read_ca(struct enroller *e, struct why *why)
{
	struct buf text;
	int err = 0;

	if (!*e->o.broker_ca_file && !e->authority)
		return why_say(
			why, -EINVAL, "enroll.broker_ca_file: is needed with enroll.ca_command");
	buf_init(&text, PEM_MOST);
	if (*e->o.broker_ca_file)
		err = file_read(e->o.broker_ca_file, &text);
	else
		buf_puts(&text, authority_certificate(e->authority));
	if (err)
		why_say(why, err, "enroll.broker_ca_file: %s: %s", e->o.broker_ca_file,
			strerror(-err));
	else if (!strstr(buf_text(&text), "-----BEGIN CERTIFICATE-----"))
		err = why_say(why, -EINVAL,
			"enroll.broker_ca_file: %s: no certificate in PEM is in it",
			e->o.broker_ca_file);
	else
		e->ca = mem_copy(buf_text(&text));
	buf_done(&text);
	return err;
}

int enroll_new(struct enroller **out, const struct enroll_options *o, struct why *why)
{
	struct enroller *e = mem_new(sizeof(*e));
	int err = 0;

	e->o = *o;
	pthread_mutex_init(&e->lock, NULL);
	if (!*o->ca_command)
		err = authority_open(&e->authority, o->folder, why);
	if (!err)
		err = read_ca(e, why);
	if (err) {
		enroll_free(e);
		return err;
	}
	*out = e;
	return 0;
}

void enroll_free(struct enroller *e)
{
	if (!e)
		return;
	authority_free(e->authority);
	pthread_mutex_destroy(&e->lock);
	free(e->ca);
	free(e);
}
