/* SPDX-License-Identifier: Apache-2.0 */
/* What an enrolment has left in the state folder: enrolled.conf (brokers, key of the collector, where the probe is
 * registered), client.crt, broker-ca.crt.  The key of the certificate is identity.pem.
 *
 * It holds as long as uplink.brokers in agent.conf is empty, and then for each of the settings brokers, ca_file,
 * cert_file, key_file and collector_key that is empty there: who writes a broker into agent.conf decides himself. */
#ifndef AGENT_ENROLLED_H
#define AGENT_ENROLLED_H

#include "../config/conf.h"

#define ENROLLED_CONF  "enrolled.conf"
#define ENROLLED_CERT  "client.crt"
#define ENROLLED_CA    "broker-ca.crt"
#define ENROLLED_TEXTS 8 /* brokers */

struct enrolled {                                /* texts: ours or libconfig's, see the functions */
	const char *brokers[ENROLLED_TEXTS + 1]; /* NULL ends */
	const char *collector_key;               /* 64 hexadecimal digits */
	const char *collector;                   /* URL that it was done with */
	const char *hamlet, *hamlet_name, *commune, *province, *role; /* "" unknown */
	const char *expires;                                          /* of the certificate */
	const char *certificate, *ca;                                 /* PEM */
};

/* Certificates first, enrolled.conf last: what is named there is there.  -EINVAL: a text cannot be written. */
int enrolled_save(const struct enrolled *e, const char *state, struct why *why) MUST_CHECK;

/* Fills the uplink section from the state folder of agent.state, if there is something.  A file that cannot be
 * read is said in the log and changes nothing: without a broker the agent still measures and keeps. */
void enrolled_apply(struct conf *c);

#endif
