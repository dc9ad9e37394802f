/* SPDX-License-Identifier: Apache-2.0 */
/* Whose fault it is that a service did not answer as it should: the network's, the service's, a portal's
 * or a certificate's.  Pure. */
#ifndef PROBES_SERVICE_VERDICT_H
#define PROBES_SERVICE_VERDICT_H

#include <stdbool.h>

struct service_evidence {
	int dns_err;        /* of resolve.h, 0 fine */
	int err;            /* of fetch.h, 0: an answer came */
	bool connected;     /* TCP was connected */
	bool tls;           /* asked for over https */
	int status;         /* of the answer */
	int expect;         /* the only status that is right; 0: any from 200 to 399 */
	bool control;       /* another target was tried after this one failed */
	bool control_ok;    /* and answered as it should */
	bool control_named; /* and its name had to be found for that */
};

enum service_verdict {
	SERVICE_OK,
	SERVICE_NETWORK,
	SERVICE_SERVICE,
	SERVICE_CAPTIVE_PORTAL,
	SERVICE_CERTIFICATE
};
extern const char
	*const service_verdict_name[]; /* "ok" "network" "service" "captive_portal" "certificate" */

enum service_verdict service_judge(const struct service_evidence *e);

#endif
