/* SPDX-License-Identifier: Apache-2.0 */
#include "access_look.h"
#include "../probes/core/mem.h"
#include <string.h>

static bool one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static enum look look_at_sim(const char *sim)
{
	static const char *const locked[] = { "pin", "puk", NULL };
	static const char *const missing[] = { "missing", "failure",
		NULL }; /* CME 10 and 13, TS 27.007 9.2 */

	if (one_of(sim, locked))
		return LOOK_SIM_LOCKED;
	return one_of(sim, missing) ? LOOK_SIM_MISSING : LOOK_NONE;
}

static bool receives_something(const struct record *r)
{
	static const enum field seen[] = { FIELD_RSRP, FIELD_NR_RSRP, FIELD_RSCP, FIELD_RXLEV,
		FIELD_PCI, FIELD_NR_PCI, FIELD_CELL };

	for (size_t i = 0; i < COUNT(seen); i++)
		if (record_has(r, seen[i]))
			return true;
	return false;
}

enum look look_at(const struct record *r)
{
	/* <stat> 0, 2 and 4 of +CREG, +CEREG, +C5GREG (TS 27.007 7.2, 10.1.22, 10.1.47) */
	static const char *const none[] = { "not_registered", "searching", "unknown", NULL };
	static const char *const served[] = { "home", "roaming", NULL };
	const char *error = record_text(r, FIELD_ERROR),
		   *registration = record_text(r, FIELD_REGISTRATION);
	const char *state = record_text(r, FIELD_MODEM_STATE);
	enum look sim;

	if (error && !strcmp(error, "modem_absent"))
		return LOOK_ABSENT;
	if (error && !strcmp(error, "modem_hung"))
		return LOOK_HUNG;
	if (error)
		return LOOK_NONE;
	if (one_of(registration, served))
		return LOOK_REGISTERED;
	sim = look_at_sim(record_text(r, FIELD_SIM));
	if (sim != LOOK_NONE)
		return sim;
	if (registration && !strcmp(registration, "denied"))
		return LOOK_DENIED;
	if ((registration && !strcmp(registration, "emergency")) ||
		(state && !strcmp(state, "LIMSRV")))
		return LOOK_LIMITED;
	if (!one_of(registration, none))
		return LOOK_VAGUE;
	if (receives_something(r))
		return LOOK_CELL;
	/* nothing received by a modem that did not answer everything is no evidence of absence */
	return record_bool(r, FIELD_MODEM_HEALTHY, false) ? LOOK_EMPTY : LOOK_VAGUE;
}

bool look_is_search(const struct record *r)
{
	static const char *const search[] = { "SEARCH", "NOSERVICE", NULL };

	return one_of(record_text(r, FIELD_MODEM_STATE), search);
}

bool look_is_foreign(const struct record *r)
{
	const char *registration = record_text(r, FIELD_REGISTRATION);
	const char *home = record_text(r, FIELD_HOME_PLMN), *plmn = record_text(r, FIELD_PLMN);

	if (registration && !strcmp(registration, "emergency"))
		return false;
	return home && plmn && strcmp(home, plmn) != 0;
}

const char *look_blind(const struct record *r)
{
	const char *error = record_text(r, FIELD_ERROR);

	if (error && !strcmp(error, "modem_busy"))
		return "port_busy";
	return error && !strcmp(error, "modem_no_access") ? "no_access" : "not_read";
}
