/* SPDX-License-Identifier: Apache-2.0 */
/* A tty that belongs to us alone. */
#ifndef MODEM_AT_PORT_H
#define MODEM_AT_PORT_H

#include "../core/why.h"
#include <stdbool.h>

/* Raw, non-blocking, exclusive.  -ENOENT, -ENODEV, -ENXIO: no such device; -EBUSY: somebody else holds it; -ENOTTY;
 * other -errno. */
int at_port_open(int *fd, const char *path) MUST_CHECK;
void at_port_close(int fd);                  /* -1 is fine */
bool at_port_same(int fd, const char *path); /* the path still names what is open */

#endif
