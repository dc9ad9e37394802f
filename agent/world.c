/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"
#include "../probes/fetch.h"
#include "../probes/modem/modem.h"
#include "../probes/resolve.h"
#include <errno.h>
#include <net/if.h>
#include <string.h>

int world_open(struct probe_world *w, const char *iface, const char *dns, struct why *why)
{
	int err;

	memset(w, 0, sizeof(*w));
	if (iface && strlen(iface) >= IFNAMSIZ)
		return why_say(
			why, -EINVAL, "\"%s\" is too long for the name of an interface", iface);
	if (iface)
		memcpy(w->iface, iface, strlen(iface) + 1);
	err = loop_new(&w->loop);
	if (!err)
		err = resolve_new(&w->resolve, w->loop, dns && *dns ? dns : NULL);
	if (!err)
		err = fetch_new(&w->fetch, w->loop);
	if (!err)
		err = modems_new(&w->modems, w->loop);
	return err ? why_say(why, err, "starting: %s", strerror(-err)) : 0;
}

void world_close(struct probe_world *w)
{
	modems_free(w->modems);
	fetch_free(w->fetch);
	resolve_free(w->resolve);
	loop_free(w->loop);
	memset(w, 0, sizeof(*w));
}
