/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that ends the program when it takes too long: what blocks in the kernel (a dead card, a dead network
 * file system) has no deadline of its own. */
#ifndef AGENT_DOCTOR_WATCH_H
#define AGENT_DOCTOR_WATCH_H

#include <stdint.h>

struct doctor_watch;

/* overdue() is called on the thread, then the program ends with EXIT_FAILED.  NULL when there is no thread to
 * be had. */
struct doctor_watch *doctor_watch_start(int64_t after_ns, void (*overdue)(void *arg), void *arg);
void doctor_watch_end(struct doctor_watch *w); /* NULL is fine */

#endif
