/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a JSON document that may lack anything. */
#ifndef AGENT_DOC_H
#define AGENT_DOC_H

#include "../probes/core/record.h"
#include <stdbool.h>
#include <stdint.h>

struct json_object;

struct json_object *doc_at(struct json_object *o, const char *key); /* NULL when absent or null */
int64_t doc_int(struct json_object *o, const char *key, int64_t unless);
const char *doc_text(struct json_object *o, const char *key, const char *unless);
bool doc_bool(struct json_object *o, const char *key);
double doc_real(struct json_object *o, const char *key, double unless);
/* The record that a document of codec_json() tells; false when it is none.  What does not fit is left out. */
bool doc_record(struct json_object *o, struct record *out);

#endif
