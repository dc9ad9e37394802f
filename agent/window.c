/* SPDX-License-Identifier: Apache-2.0 */
/* Batches without a receipt, and when to send them again. */
#include "window.h"
#include "../probes/core/clock.h"

#define INTERVAL_MAX (3600 * NS_PER_S)

struct flight *window_free_place(struct window *w)
{
	for (uint32_t i = 0; i < w->size; i++)
		if (!w->flights[i].last)
			return &w->flights[i];
	return NULL;
}

uint32_t window_used(const struct window *w)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < w->size; i++)
		used += w->flights[i].last != 0;
	return used;
}

void window_sent(struct window *w, struct flight *f, uint64_t first, uint64_t last, uint32_t count,
	int token, int64_t now)
{
	int64_t interval = f->last ? 2 * f->interval_ns : w->resend_ns;

	if (interval > INTERVAL_MAX)
		interval = INTERVAL_MAX;
	*f = (struct flight){ .first = first,
		.last = last,
		.count = count,
		.token = token,
		.sent_at = now,
		.resend_at = now + interval,
		.interval_ns = interval };
}

struct flight *window_token(struct window *w, int token)
{
	for (uint32_t i = 0; i < w->size; i++)
		if (w->flights[i].last && w->flights[i].token == token)
			return &w->flights[i];
	return NULL;
}

int64_t window_receipt(struct window *w, uint64_t first, uint64_t last)
{
	int64_t sent_at = 0;

	for (uint32_t i = 0; i < w->size; i++) {
		struct flight *f = &w->flights[i];

		if (!f->last || first > f->last || last < f->first)
			continue;
		sent_at = f->sent_at;
		if (first <= f->first && last >= f->last)
			f->last = 0;
		else if (first <= f->first)
			f->first = last + 1;
		else if (last >= f->last)
			f->last = first - 1;
	}
	return sent_at;
}

void window_heard(struct window *w, int64_t now)
{
	for (uint32_t i = 0; i < w->size; i++)
		if (w->flights[i].resend_at > now + w->resend_ns)
			w->flights[i].resend_at = now + w->resend_ns;
}

void window_lost(struct window *w)
{
	for (uint32_t i = 0; i < w->size; i++) {
		w->flights[i].token = 0;
		if (!w->flights[i].arrived)
			w->flights[i].resend_at = 0;
	}
}

struct flight *window_due(struct window *w, int64_t now)
{
	for (uint32_t i = 0; i < w->size; i++)
		if (w->flights[i].last && w->flights[i].resend_at <= now)
			return &w->flights[i];
	return NULL;
}

int64_t window_next(const struct window *w)
{
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; i < w->size; i++)
		if (w->flights[i].last && w->flights[i].resend_at < next)
			next = w->flights[i].resend_at;
	return next;
}
