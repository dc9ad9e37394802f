/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *health_boot_reason(const struct journal_past *past)
{
	if (!past->any)
		return "unknown";
	if (past->clean)
		return "clean";
	return past->same_boot ? "crash" : "power_lost";
}

static void temperature(struct record *r)
{
	glob_t zones;
	double hottest = -1000;

	if (glob("/sys/class/thermal/thermal_zone*/temp", 0, NULL, &zones))
		return;
	for (size_t i = 0; i < zones.gl_pathc; i++) {
		FILE *f = fopen(zones.gl_pathv[i], "re");
		int milli;

		if (!f)
			continue;
		/* zones without a sensor say 0 or nonsense */
		if (fscanf(f, "%d", &milli) == 1 && milli != 0 && milli > -60000 &&
			milli < 200000 && milli / 1000.0 > hottest)
			hottest = milli / 1000.0;
		fclose(f);
	}
	globfree(&zones);
	if (hottest > -1000)
		record_set_real(r, FIELD_TEMPERATURE_C, hottest);
}

static void memory(struct record *r)
{
	char line[128];
	long long kb, pages;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lld kB", &kb) == 1)
			record_set_int(r, FIELD_MEMORY_FREE, kb * 1024);
	if (f)
		fclose(f);
	f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%*d %lld", &pages) == 1)
		record_set_int(r, FIELD_PROCESS_RSS, pages * sysconf(_SC_PAGESIZE));
	if (f)
		fclose(f);
}

/* "Mains" and "Battery" of /sys/class/power_supply; boards without either say nothing. */
static void power(struct record *r)
{
	FILE *f;
	int online, share;

	f = fopen("/sys/class/power_supply/AC/online", "re");
	if (f) {
		if (fscanf(f, "%d", &online) == 1)
			record_set_text(r, FIELD_POWER, online ? "mains" : "battery");
		fclose(f);
	}
	f = fopen("/sys/class/power_supply/BAT0/capacity", "re");
	if (f) {
		if (fscanf(f, "%d", &share) == 1 && share >= 0 && share <= 100)
			record_set_real(r, FIELD_BATTERY_SHARE, share / 100.0);
		fclose(f);
	}
}

void health_record(struct record *r, const struct health_facts *f)
{
	record_begin(r, RECORD_HEALTH);
	record_set_int(r, FIELD_UPTIME_S, clock_mono() / NS_PER_S);
	record_set_text(r, FIELD_BOOT_REASON, health_boot_reason(f->past));
	temperature(r);
	memory(r);
	power(r);
	record_set_int(r, FIELD_JOURNAL_RECORDS, (int64_t)f->journal->waiting);
	record_set_int(r, FIELD_JOURNAL_BYTES, (int64_t)f->journal->bytes);
	record_set_int(r, FIELD_FLASH_WRITTEN, (int64_t)f->journal->written);
	if (f->budget->limit) {
		record_set_int(r, FIELD_BUDGET_USED, (int64_t)f->budget->used);
		record_set_int(r, FIELD_BUDGET_LIMIT, (int64_t)f->budget->limit);
	}
	record_set_text(r, FIELD_VERSION, f->version);
	record_set_text(r, FIELD_MODEM, f->modem);
	if (f->first)
		record_set_bool(r, FIELD_AGENT_START, true);
	record_set_int(r, FIELD_SKIPPED, (int64_t)f->skipped);
}
