/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a test's folder with all in it. */
#ifndef UNIT_REMOVE_FOLDER_H
#define UNIT_REMOVE_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static inline int remove_one(const char *path, const struct stat *s, int type, struct FTW *where)
{
	(void)s;
	(void)type;
	(void)where;
	return remove(path);
}

static inline int remove_folder_tree(const char *folder)
{
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
