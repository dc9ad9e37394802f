/* SPDX-License-Identifier: Apache-2.0 */
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *given(void *p)
{
	if (p)
		return p;
	fputs("out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void *mem_new(size_t size)
{
	return given(calloc(1, size ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
	return given(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *mem_copy(const char *text)
{
	return text ? given(strdup(text)) : NULL;
}
