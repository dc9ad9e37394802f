/* SPDX-License-Identifier: Apache-2.0 */
/* A portal answers in the place of others: it can be seen only where one exact answer was expected, and
 * over plain HTTP, because it has no certificate for the name. */
#include "service_verdict.h"
#include <errno.h>

#define NETWORK_AUTHENTICATION_REQUIRED 511 /* RFC 6585 6 */

const char *const service_verdict_name[] = { "ok", "network", "service", "captive_portal",
	"certificate" };

static enum service_verdict judge_answer(const struct service_evidence *e)
{
	if (e->status == NETWORK_AUTHENTICATION_REQUIRED)
		return SERVICE_CAPTIVE_PORTAL;
	if (e->expect ? e->status == e->expect : e->status >= 200 && e->status < 400)
		return SERVICE_OK;
	if (e->expect && !e->tls && e->status >= 200 && e->status < 400)
		return SERVICE_CAPTIVE_PORTAL;
	return SERVICE_SERVICE;
}

enum service_verdict service_judge(const struct service_evidence *e)
{
	if (!e->dns_err && !e->err)
		return judge_answer(e);
	if (!e->dns_err && e->err == -EKEYREJECTED)
		return SERVICE_CERTIFICATE;
	/* a line whose name servers are dead carries addresses all the same */
	if (e->dns_err && e->dns_err != -ENOENT && e->control_ok && !e->control_named)
		return SERVICE_NETWORK;
	/* a line that carries other things is not to blame */
	if (e->control)
		return e->control_ok ? SERVICE_SERVICE : SERVICE_NETWORK;
	if (e->dns_err)
		return e->dns_err == -ENOENT ? SERVICE_SERVICE : SERVICE_NETWORK;
	/* its host was reached, and said no or nothing */
	return e->connected || e->err == -ECONNREFUSED ? SERVICE_SERVICE : SERVICE_NETWORK;
}
