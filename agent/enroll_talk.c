/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, blocking: this is a command, nothing is measured beside it. */
#include "enroll.h"
#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_S   20L
#define TOTAL_S     90L
#define ANSWER_MOST (256 * 1024)

static size_t on_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_put(b, bytes, size * n);
	return b->err ? 0 : size * n; /* 0 ends it */
}

/* Without TLS whoever listens has the code and decides whom the probe trusts: only to this machine itself. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };

	if (strncmp(url, "http://", 7))
		return false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t n = strlen(hosts[i]);

		if (!strncmp(url + 7, hosts[i], n) && strchr(":/", url[7 + n]))
			return true; /* also at the end of the text */
	}
	return false;
}

/* libcurl compares the names by itself, after OpenSSL has found the signature good, and says so only in words. */
static bool about_names(const char *detail)
{
	return strstr(detail, "subject name") || strstr(detail, "does not match");
}

static enum talk_trouble of_verification(long result, const char *detail)
{
	switch (result) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TALK_NOT_YET;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TALK_EXPIRED;
	default:
		return about_names(detail) ? TALK_WRONG_NAME : TALK_UNTRUSTED;
	}
}

static enum talk_trouble trouble_of(CURL *c, CURLcode code, const char *detail)
{
	long result = 0;

	switch (code) {
	case CURLE_OK:
		return TALK_OK;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return TALK_URL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return TALK_NAME;
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return TALK_NO_ANSWER;
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return TALK_PIN;
	case CURLE_SSL_CACERT_BADFILE:
		return TALK_CA_FILE;
	case CURLE_PEER_FAILED_VERIFICATION:
		curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &result);
		return of_verification(result, detail);
	default:
		return TALK_OTHER;
	}
}

static void set_trust(CURL *c, const struct talk *t)
{
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (t->ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, t->ca);
	if (t->pin) { /* the key itself is known: neither authority nor name nor dates say more */
		curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, t->pin);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static CURLcode post(CURL *c, struct talk *t, char *errors)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURLcode code;

	curl_easy_setopt(c, CURLOPT_URL, t->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, TOTAL_S);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "phusong-agent");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->body);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &t->answer);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, errors);
	set_trust(c, t);
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &t->status);
	curl_slist_free_all(headers);
	return code;
}

enum talk_trouble talk_post(struct talk *t)
{
	char errors[CURL_ERROR_SIZE] = "";
	enum talk_trouble trouble;
	CURLcode code;
	CURL *c;

	buf_init(&t->answer, ANSWER_MOST);
	t->status = 0;
	t->detail[0] = 0;
	if (strncmp(t->url, "https://", 8) && !is_loopback(t->url))
		return TALK_URL;
	c = curl_easy_init();
	if (!c)
		return TALK_OTHER;
	code = post(c, t, errors);
	snprintf(t->detail, sizeof(t->detail), "%s", *errors ? errors : curl_easy_strerror(code));
	trouble = trouble_of(c, code, t->detail);
	curl_easy_cleanup(c);
	return trouble;
}
