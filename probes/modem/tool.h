/* SPDX-License-Identifier: Apache-2.0 */
/* Modems that another program speaks for: mmcli and uqmi print JSON, a wedged one costs one child process. */
#ifndef MODEM_TOOL_H
#define MODEM_TOOL_H

#include "radio.h"
#include <json-c/json.h>

#define TOOL_ARGS     8
#define TOOL_LIMIT_MS 5000 /* that a tool is told to wait for the modem */

struct tool_step {
	/* "%" stands for the modem or device, "$" at the end of a word for the talk's parameter, "&" for
	 * the SIM's object: without one the step is left out */
	const char *args[TOOL_ARGS];
	void (*take)(struct radio *x, struct json_object *answer); /* pure */
	bool needed; /* without it there is no modem */
	bool kept; /* its answer goes into FIELD_RAW: levels and cells, not what names the device */
	bool once; /* of quick rounds in a row, only in the first */
};

/* All lists end with {0}; NULL: the tool cannot. */
struct tool {
	const char *program;
	bool port_is_file; /* its absence is modem_absent, before anything is run */
	const struct tool_step *steps, *quick, *look;
	/* what these print is handed on as it is */
	const struct tool_step *scan, *neighbours, *clock, *balance, *reopen, *reset;
	const char *scan_name;
};

extern const struct tool tool_mmcli, tool_uqmi;

void mm_modem_parse(struct radio *x, struct json_object *answer); /* mmcli -J -m */
void mm_sim_parse(struct radio *x, struct json_object *answer);   /* mmcli -J -i */
void mm_signal_parse(struct radio *x,
	struct json_object *answer); /* mmcli -J -m --signal-get; the dump of ubus, too */
void mm_location_parse(
	struct radio *x, struct json_object *answer); /* mmcli -J -m --location-get */
void uqmi_signal_parse(struct radio *x, struct json_object *answer);
void uqmi_serving_parse(struct radio *x, struct json_object *answer);
void uqmi_system_parse(struct radio *x, struct json_object *answer);
void uqmi_sim_parse(struct radio *x, struct json_object *answer);
void uqmi_imsi_parse(struct radio *x, struct json_object *answer);

/* NULL when it is no JSON, deeper than eight levels, or not valid UTF-8 where that matters; json_object_put() it. */
struct json_object *tool_json(const char *text, size_t n);
/* One member after the other, NULL as soon as one is missing: tool_member(o, "modem", "3gpp", NULL). */
struct json_object *tool_member(struct json_object *o, ...) __attribute__((sentinel));
const char *tool_text(
	struct json_object *o, const char *key); /* "" when absent or not a text; "--" is absent */
/* A number, or a text that is one, possibly with its unit ("-96 dBm"). */
bool tool_number(struct json_object *o, const char *key, double *v);

#endif
