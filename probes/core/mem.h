/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that does not fail: out of memory ends the program with a message, the supervisor
 * restarts it and the journal is on flash. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>

#define COUNT(array)                    (sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

void *mem_new(size_t size); /* zeroed */
/* Checked count * size; new bytes are not zeroed. */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_copy(const char *text); /* strdup; NULL stays NULL */

#endif
