/* SPDX-License-Identifier: Apache-2.0 */
#include "usb.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	       !access(path, F_OK);
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* From an interface of the device, or the device itself, up to the device: interfaces have "authorized", too. */
static bool climb(char *folder, size_t top)
{
	while (strlen(folder) > top) {
		if (has(folder, "idVendor") && has(folder, "authorized"))
			return true;
		*strrchr(folder, '/') = 0;
	}
	return false;
}

static bool start_folder(const char *sysfs, const char *device, char folder[PATH_MAX])
{
	static const char *const classes[] = { "tty", "usbmisc" };
	char real[PATH_MAX], path[PATH_MAX];

	if (!strncmp(device, "/sys/", 5))
		return snprintf(path, sizeof(path), "%s/%s", sysfs, device + 5) <
		               (int)sizeof(path) &&
		       realpath(path, folder);
	if (!realpath(device, real))
		return false;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (snprintf(path, sizeof(path), "%s/class/%s/%s/device", sysfs, classes[i],
			    last_name(real)) < (int)sizeof(path) &&
			realpath(path, folder))
			return true;
	return false;
}

bool usb_find(const char *sysfs, const char *device, char *out, size_t room)
{
	char root[PATH_MAX], folder[PATH_MAX], path[PATH_MAX];

	if (!sysfs)
		sysfs = "/sys";
	if (!realpath(sysfs, root) || !start_folder(sysfs, device, folder) ||
		strncmp(folder, root, strlen(root)) != 0 || !climb(folder, strlen(root)))
		return false;
	if (snprintf(path, sizeof(path), "%s/bus/usb/devices/%s/authorized", sysfs,
		    last_name(folder)) >= (int)sizeof(path) ||
		access(path, F_OK) || strlen(path) >= room)
		return false;
	memcpy(out, path, strlen(path) + 1);
	return true;
}
