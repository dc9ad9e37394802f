/* SPDX-License-Identifier: Apache-2.0 */
/* What fetch reads of bytes from outside: TCP_INFO, headers, URLs.  No state. */
#include "fetch.h"
#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* struct tcp_info as the kernel fills it, up to what Linux 4.19 knows.  Our own: the headers of a small
 * system may be older than its kernel, and an older kernel gives fewer bytes. */
struct kernel_tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, flags;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space;
	uint32_t total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received; /* 3.15, 4.1 */
	uint32_t segs_out, segs_in;                                         /* 4.2 */
	uint32_t notsent_bytes, min_rtt, data_segs_in, data_segs_out;       /* 4.6 */
	uint64_t delivery_rate;                                             /* 4.9 */
	uint64_t busy_time, rwnd_limited, sndbuf_limited;                   /* 4.10 */
	uint32_t delivered, delivered_ce;                                   /* 4.18 */
	uint64_t bytes_sent, bytes_retrans;                                 /* 4.19 */
};
_Static_assert(offsetof(struct kernel_tcp_info, rtt) == 68, "layout of struct tcp_info");
_Static_assert(offsetof(struct kernel_tcp_info, bytes_acked) == 120, "layout of struct tcp_info");
_Static_assert(offsetof(struct kernel_tcp_info, min_rtt) == 148, "layout of struct tcp_info");
_Static_assert(offsetof(struct kernel_tcp_info, bytes_sent) == 200, "layout of struct tcp_info");

#define TOLD(field) (n >= offsetof(struct kernel_tcp_info, field) + sizeof(i.field))
#define TAKE(field) (TOLD(field) ? (int64_t)i.field : -1)

void fetch_tcp_read(struct fetch_tcp *out, const void *bytes, size_t n)
{
	struct kernel_tcp_info i = { 0 };

	memcpy(&i, bytes, n < sizeof(i) ? n : sizeof(i));
	out->rtt_us = TAKE(rtt);
	/* ~0 until the first sample */
	out->min_rtt_us = TOLD(min_rtt) && i.min_rtt != UINT32_MAX ? (int64_t)i.min_rtt : -1;
	out->rcv_rtt_us = TOLD(rcv_rtt) && i.rcv_rtt ? (int64_t)i.rcv_rtt : -1;
	out->bytes_sent = TAKE(bytes_sent);
	out->bytes_retrans = TAKE(bytes_retrans);
	out->bytes_acked = TAKE(bytes_acked);
	out->bytes_received = TAKE(bytes_received);
	out->segs_out = TAKE(segs_out);
	out->segs_in = TAKE(segs_in);
	out->mss = TAKE(snd_mss);
	out->pmtu = TAKE(pmtu);
}

int fetch_retry_after(const char *text, size_t n)
{
	int seconds = 0;
	size_t i = 0;

	while (i < n && (text[i] == ' ' || text[i] == '\t'))
		i++;
	while (n > i && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (i == n)
		return -1;
	for (; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		seconds = seconds * 10 + (text[i] - '0');
		if (seconds > 86400)
			seconds = 86400;
	}
	return seconds;
}

void fetch_at(char *out, size_t room, const char *base, const char *path)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	snprintf(out, room, "%.*s%s", (int)n, base, path);
}

int fetch_url(const char *url, char *host, size_t room, unsigned *port, bool *tls)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *name = NULL, *number = NULL;
	int err = -EINVAL;
	size_t n;

	if (!u)
		return -ENOMEM;
	if (curl_url_set(u, CURLUPART_URL, url, 0) ||
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
		curl_url_get(u, CURLUPART_HOST, &name, 0) ||
		curl_url_get(u, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT))
		goto out;
	if (strcmp(scheme, "http") && strcmp(scheme, "https"))
		goto out;
	n = strlen(name);
	err = -EMSGSIZE;
	if (n >= room)
		goto out;
	memcpy(host, name, n + 1);
	*port = (unsigned)strtoul(number, NULL, 10);
	*tls = scheme[4];
	err = 0;
out:
	curl_free(scheme);
	curl_free(name);
	curl_free(number);
	curl_url_cleanup(u);
	return err;
}
