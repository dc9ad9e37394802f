/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of what support gets, each as JSON; bundle.c puts them together and masks them. */
#ifndef AGENT_BUNDLE_H
#define AGENT_BUNDLE_H

#include "mask.h"
#include "settings.h"

struct json_object;

#define BUNDLE_RECORDS 200 /* the newest of those that wait */
#define BUNDLE_LINES   200 /* of the log */

struct json_object *bundle_versions(void);
struct json_object *bundle_interfaces(void);
/* The lines of the configuration as it holds, or as it stands when c is NULL; secrets are gone already, and m knows
 * them. */
struct json_object *bundle_configuration(const struct conf *c, const char *path, struct mask *m);
struct json_object *bundle_status(
	const struct conf *c); /* of the running agent, or what its journal holds */
struct json_object *bundle_doctor(const struct conf *c, bool vietnamese);
struct json_object *bundle_records(const struct conf *c);
/* From the system's journal, or OpenWrt's logread; NULL when neither tells anything. */
struct json_object *bundle_log(void);

#endif
