/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_power.h"
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_ROOM 512

static bool read_word(const char *folder, const char *name, char out[32])
{
	char path[PATH_ROOM];
	bool got;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	got = f && fscanf(f, "%31s", out) == 1;
	if (f)
		fclose(f);
	return got;
}

static int read_number(const char *folder, const char *name)
{
	char text[32];
	int v;

	return read_word(folder, name, text) && sscanf(text, "%d", &v) == 1 && v >= 0 ? v : -1;
}

/* The power supply's class: Documentation/ABI/testing/sysfs-class-power. */
static void look_at_supply(struct power_seen *p, const char *folder)
{
	char type[32];
	int v;

	if (!read_word(folder, "type", type))
		return;
	if (!strcmp(type, "Mains") || !strncmp(type, "USB", 3)) {
		v = read_number(folder, "online");
		if (v > p->mains)
			p->mains = v > 0;
	} else if (!strcmp(type, "Battery")) {
		v = read_number(folder, "capacity");
		if (v <= 100 && v > p->charge)
			p->charge = v;
	}
}

/* The Raspberry Pi's firmware by its hwmon driver (raspberrypi-hwmon): in0_lcrit_alarm is under-voltage. */
static void look_at_monitor(struct power_seen *p, const char *folder)
{
	char name[32];
	int v;

	if (!read_word(folder, "name", name) || strcmp(name, "rpi_volt"))
		return;
	v = read_number(folder, "in0_lcrit_alarm");
	if (v >= 0)
		p->under_voltage = v > 0;
}

static void each(struct power_seen *p, const char *sys_class, const char *pattern,
	void (*look)(struct power_seen *p, const char *folder))
{
	char path[PATH_ROOM];
	glob_t g;

	if (snprintf(path, sizeof(path), "%s/%s", sys_class, pattern) >= (int)sizeof(path) ||
		glob(path, 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		look(p, g.gl_pathv[i]);
	globfree(&g);
}

void power_look(struct power_seen *out, const char *sys_class)
{
	*out = (struct power_seen){ -1, -1, -1 };
	each(out, sys_class, "power_supply/*", look_at_supply);
	each(out, sys_class, "hwmon/hwmon*", look_at_monitor);
}
