/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAPPINGS 512

struct mapping {
	unsigned long from, to;
	bool ours; /* of a file, and never written to */
};

/* "7f..-7f.. r-xp 00000000 fe:00 1234   /usr/lib/libcrypto.so.3": what can be written to is not of the file alone. */
static bool read_head(const char *line, struct mapping *m)
{
	char may[5] = "";
	int path = 0;

	if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &m->from, &m->to, may, &path) != 3)
		return false;
	m->ours = may[1] != 'w' && path && line[path] == '/';
	return true;
}

void memory_give_back(void)
{
	struct mapping given[MAPPINGS], m = { 0 };
	size_t n = 0;
	unsigned long dirty;
	char line[512];
	FILE *f;

#ifdef __GLIBC__
	malloc_trim(0);
#endif
	f = fopen("/proc/self/smaps", "re");
	if (!f)
		return;
	/* relocated tables are not writable either, but differ from the file: those pages are dirty and stay */
	while (fgets(line, sizeof(line), f) && n < MAPPINGS)
		if (!read_head(line, &m) && m.ours &&
			sscanf(line, "Private_Dirty: %lu kB", &dirty) == 1 && !dirty)
			given[n++] = m;
	fclose(f);
	for (size_t i = 0; i < n; i++)
		madvise((void *)given[i].from, given[i].to - given[i].from, MADV_DONTNEED);
}
