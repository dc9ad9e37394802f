/* SPDX-License-Identifier: Apache-2.0 */
/* Files of sysfs and proc, all below a root that tests choose.  Nothing is remembered here. */
#include "health.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/watchdog.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_MOST 2048 /* of any of them; what is longer is cut */

/* Of drivers/hwmon/raspberrypi-hwmon.c and the firmware's get_throttled: what holds now; bits 16 to 19
 * are the same since boot. */
#define PI_UNDER_VOLTAGE (1u << 0)
#define PI_CAPPED        (1u << 1)
#define PI_THROTTLED     (1u << 2)
#define PI_SOFT_LIMIT    (1u << 3)

void health_readings_clear(struct health_readings *r)
{
	memset(r, 0, sizeof(*r));
	r->on_battery = r->under_voltage = r->critical = -1;
	r->share = r->volts = r->temperature_c = r->load = NAN;
	r->memory_free = r->rss = r->disk_free = -1;
}

/* --- files ---------------------------------------------------------------------------------------- */
/* Not through stdio: one read() each, and no buffer to be made. */
static bool read_text(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, out, room - 1);
	close(fd);
	if (n < 0)
		return false;
	out[n] = 0;
	return true;
}

static bool read_whole(const char *folder, const char *name, char *out, size_t room)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	       read_text(path, out, room);
}

static bool read_in(const char *folder, const char *name, char *out, size_t room)
{
	if (!read_whole(folder, name, out, room))
		return false;
	out[strcspn(out, "\n")] = 0;
	return true;
}

static bool read_number(const char *folder, const char *name, long long *v)
{
	char text[64], *end;

	if (!read_in(folder, name, text, sizeof(text)))
		return false;
	errno = 0;
	*v = strtoll(text, &end, 10);
	return end != text && !errno;
}

/* Calls see() with each folder that fits. */
static void each(
	const char *root, const char *pattern, void (*see)(void *arg, const char *path), void *arg)
{
	char full[PATH_MAX];
	glob_t found;

	if (snprintf(full, sizeof(full), "%s%s", root, pattern) >= (int)sizeof(full) ||
		glob(full, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		see(arg, found.gl_pathv[i]);
	globfree(&found);
}

/* --- /sys/class/power_supply, Documentation/ABI/testing/sysfs-class-power ---------------------------- */
struct supplies {
	int online, offline;          /* of mains and USB supplies */
	int discharging, otherwise;   /* of batteries that say */
	double shares;                /* sum of the batteries' */
	int batteries;                /* that tell a share */
	double weakest, volts;        /* share and voltage of the weakest */
	bool low, told_low, critical; /* low: less than it was made for */
};

static void see_line_supply(struct supplies *s, const char *path)
{
	long long online;

	if (!read_number(path, "online", &online))
		return;
	if (online)
		s->online++;
	else
		s->offline++;
}

static void see_voltage(struct supplies *s, const char *path, double share)
{
	long long now, least;
	char health[32];

	if (read_in(path, "health", health, sizeof(health))) {
		s->told_low |= !strcmp(health, "Good");
		s->low |= !strcmp(health, "Under voltage") || !strcmp(health, "Undervoltage");
	}
	if (!read_number(path, "voltage_now", &now) || now <= 0)
		return;
	if (isnan(s->volts) || share < s->weakest) {
		s->volts = (double)now / 1e6;
		s->weakest = share;
	}
	if (read_number(path, "voltage_min_design", &least) && least > 0) {
		s->told_low = true;
		s->low |= now < least;
	}
}

static void see_battery(struct supplies *s, const char *path)
{
	char status[32], level[32];
	long long present, percent;
	double share = 1;

	if (read_number(path, "present", &present) && !present)
		return;
	if (read_in(path, "status", status, sizeof(status)) && strcmp(status, "Unknown") != 0) {
		if (!strcmp(status, "Discharging"))
			s->discharging++;
		else
			s->otherwise++;
	}
	if (read_number(path, "capacity", &percent) && percent >= 0 && percent <= 100) {
		share = (double)percent / 100;
		s->shares += share;
		s->batteries++;
		s->critical |= percent <= 3;
	}
	if (read_in(path, "capacity_level", level, sizeof(level)))
		s->critical |= !strcmp(level, "Critical");
	see_voltage(s, path, share);
}

static void see_supply(void *arg, const char *path)
{
	struct supplies *s = arg;
	char type[32], scope[32];

	/* a battery of something that is plugged in, such as a mouse, feeds nothing here */
	if (!read_in(path, "type", type, sizeof(type)) ||
		(read_in(path, "scope", scope, sizeof(scope)) && !strcmp(scope, "Device")))
		return;
	if (!strcmp(type, "Battery")) {
		see_battery(s, path);
	} else if (!strcmp(type, "UPS")) {
		see_line_supply(s, path);
		see_battery(s, path);
	} else if (!strcmp(type, "Mains") || !strncmp(type, "USB", 3)) {
		see_line_supply(s, path);
	}
}

static void read_supplies(struct health_readings *r, const char *root)
{
	struct supplies s = { .volts = NAN };

	each(root, "/sys/class/power_supply/*", see_supply, &s);
	r->on_battery = -1;
	if (s.online)
		r->on_battery = 0;
	else if (s.discharging)
		r->on_battery = 1;
	else if (s.offline)
		r->on_battery = s.otherwise || s.batteries
		                        ? 1
		                        : -1; /* alone it feeds nobody: another does */
	else if (s.otherwise)
		r->on_battery = 0;
	r->share = s.batteries ? s.shares / s.batteries : NAN;
	r->volts = s.volts;
	r->critical = r->on_battery < 0 ? -1 : r->on_battery && s.critical;
	if (s.low || s.told_low)
		r->under_voltage = s.low;
}

/* --- voltage and heat ----------------------------------------------------------------------------- */
/* Of limits only the critical one is believed: boards leave the others as they were made. */
static void see_alarm(void *arg, const char *path)
{
	struct health_readings *r = arg;
	char text[16];

	if (!read_text(path, text, sizeof(text)) || (text[0] != '0' && text[0] != '1'))
		return;
	if (r->under_voltage < 1)
		r->under_voltage = text[0] == '1';
}

static void add_word(char *list, size_t room, const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, room - n, "%s%s", n ? " " : "", word);
}

static void see_firmware(void *arg, const char *path)
{
	struct health_readings *r = arg;
	unsigned long bits;
	char text[32], *end;

	if (!read_text(path, text, sizeof(text)))
		return;
	bits = strtoul(text, &end, 16); /* "50005", with or without 0x */
	if (end == text)
		return;
	if (r->under_voltage < 1)
		r->under_voltage = !!(bits & PI_UNDER_VOLTAGE);
	if (bits & PI_UNDER_VOLTAGE)
		add_word(r->throttled, sizeof(r->throttled), "voltage");
	if (bits & PI_CAPPED)
		add_word(r->throttled, sizeof(r->throttled), "frequency");
	if (bits & (PI_THROTTLED | PI_SOFT_LIMIT))
		add_word(r->throttled, sizeof(r->throttled), "heat");
}

static void see_cooler(void *arg, const char *path)
{
	struct health_readings *r = arg;
	long long state;
	char type[64];

	if (!read_in(path, "type", type, sizeof(type)) || !read_number(path, "cur_state", &state) ||
		state <= 0)
		return;
	/* a fan that turns slows nothing down */
	if ((!strcmp(type, "Processor") || strstr(type, "cpufreq")) &&
		!strstr(r->throttled, "heat"))
		add_word(r->throttled, sizeof(r->throttled), "heat");
}

static void see_zone(void *arg, const char *path)
{
	struct health_readings *r = arg;
	long long milli;

	/* zones without a sensor say 0 or nonsense */
	if (!read_number(path, "temp", &milli) || milli == 0 || milli <= -60000 || milli >= 200000)
		return;
	if (isnan(r->temperature_c) || (double)milli / 1000 > r->temperature_c)
		r->temperature_c = (double)milli / 1000;
}

static void read_warnings(struct health_readings *r, const char *root)
{
	r->under_voltage = -1;
	read_supplies(r, root);
	each(root, "/sys/class/hwmon/hwmon*/in*_lcrit_alarm", see_alarm, r);
	each(root, "/sys/devices/platform/soc/*firmware/get_throttled", see_firmware, r);
}

/* --- the rest ------------------------------------------------------------------------------------- */
static void read_memory(struct health_readings *r, const char *root)
{
	char text[FILE_MOST], folder[PATH_MAX];
	const char *at;
	long long n;

	r->memory_free = r->rss = -1;
	snprintf(folder, sizeof(folder), "%s/proc", root);
	if (read_whole(folder, "meminfo", text, sizeof(text))) {
		at = strstr(text, "MemAvailable:");
		if (at && sscanf(at, "MemAvailable: %lld kB", &n) == 1)
			r->memory_free = n * 1024;
	}
	if (read_in(folder, "self/statm", text, sizeof(text)) && sscanf(text, "%*d %lld", &n) == 1)
		r->rss = n * sysconf(_SC_PAGESIZE);
	r->load = NAN;
	if (read_in(folder, "loadavg", text, sizeof(text)))
		(void)!sscanf(text, "%lf", &r->load);
}

static void read_disk(struct health_readings *r, const char *folder)
{
	struct statvfs s;

	r->disk_free = -1;
	if (!statvfs(folder, &s))
		r->disk_free = (int64_t)s.f_bavail * (int64_t)s.f_frsize;
}

/* os-release(5): NAME=value, quoted or not. */
static void os_value(const char *text, const char *key, char *out, size_t room)
{
	size_t n = strlen(key);

	*out = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) || line[n] != '=')
			continue;
		line += n + 1;
		line += strspn(line, "\"'");
		snprintf(out, room, "%.*s", (int)strcspn(line, "\"'\n"), line);
		return;
	}
}

static void read_versions(struct health_readings *r, const char *root)
{
	char text[FILE_MOST], id[24], version[20];
	struct utsname u;

	r->os[0] = r->kernel[0] = 0;
	if (!uname(&u))
		snprintf(r->kernel, sizeof(r->kernel), "%.40s %.20s", u.release, u.machine);
	if (!read_whole(root, "etc/os-release", text, sizeof(text)) &&
		!read_whole(root, "usr/lib/os-release", text, sizeof(text)))
		return;
	os_value(text, "ID", id, sizeof(id));
	os_value(text, "VERSION_ID", version, sizeof(version));
	snprintf(r->os, sizeof(r->os), "%s%s%s", id, *version ? " " : "", version);
}

void health_read(struct health_readings *out, const char *root, const char *folder, bool fast)
{
	struct health_readings r = *out;
	int64_t from = clock_mono();

	r.throttled[0] = 0;
	read_warnings(&r, root);
	if (fast) {
		memcpy(r.throttled, out->throttled, sizeof(r.throttled));
	} else {
		r.temperature_c = NAN;
		each(root, "/sys/class/thermal/thermal_zone*", see_zone, &r);
		each(root, "/sys/class/thermal/cooling_device*", see_cooler, &r);
		read_memory(&r, root);
		read_disk(&r, folder);
		read_versions(&r, root);
	}
	r.at_ns = clock_mono();
	r.took_ns = r.at_ns - from;
	*out = r;
}

static void see_reset(void *arg, const char *path)
{
	unsigned *bits = arg;
	char text[32];

	if (read_text(path, text, sizeof(text)))
		*bits |= (unsigned)strtoul(text, NULL, 0);
}

const char *health_reset(const char *root)
{
	unsigned bits = 0;

	each(root, "/sys/class/watchdog/watchdog*/bootstatus", see_reset, &bits);
	if (bits & WDIOF_POWERUNDER)
		return "brown_out";
	if (bits & WDIOF_OVERHEAT)
		return "overheat";
	return bits & WDIOF_CARDRESET ? "watchdog" : NULL;
}
