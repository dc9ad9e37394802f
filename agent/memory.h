/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that starting took and idling does not need. */
#ifndef AGENT_MEMORY_H
#define AGENT_MEMORY_H

/* Gives pages of programs and libraries back to the kernel, which reads them again if they are needed, and free heap.
 * Libraries touch megabytes when they start (relocations, tables of ciphers) and hundreds of kilobytes afterwards; on a
 * router of 64 MB the difference is the page cache.  Takes about a millisecond. */
void memory_give_back(void);

#endif
