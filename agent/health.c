/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

const char *health_boot_reason(const struct journal_past *past)
{
	if (!past->any)
		return "unknown";
	if (past->clean)
		return "clean";
	return past->same_boot ? "crash" : "power_lost";
}

static void put_int(struct record *r, enum field f, int64_t v)
{
	if (v >= 0)
		record_set_int(r, f, v);
}

static void put_text(struct record *r, enum field f, const char *text)
{
	record_set_text(r, f, text && *text ? text : NULL);
}

static void say_power(struct record *r, const struct health_readings *s)
{
	if (s->on_battery >= 0)
		record_set_text(r, FIELD_POWER, s->on_battery ? "battery" : "mains");
	/* a REAL that is not finite sets nothing */
	record_set_real(r, FIELD_BATTERY_SHARE, s->share);
	record_set_real(r, FIELD_BATTERY_V, s->volts);
	record_set_real(r, FIELD_TEMPERATURE_C, s->temperature_c);
	if (s->under_voltage >= 0)
		record_set_bool(r, FIELD_UNDER_VOLTAGE, s->under_voltage);
	put_text(r, FIELD_THROTTLED, s->throttled);
}

void health_record(struct record *r, const struct health_facts *f)
{
	const struct health_readings *s = f->readings;

	record_begin(r, RECORD_HEALTH);
	record_set_int(r, FIELD_UPTIME_S, clock_mono() / NS_PER_S);
	record_set_text(r, FIELD_BOOT_REASON, health_boot_reason(f->past));
	record_set_text(r, FIELD_RESET_REASON, f->reset);
	if (s->at_ns) {
		say_power(r, s);
		put_int(r, FIELD_MEMORY_FREE, s->memory_free);
		put_int(r, FIELD_PROCESS_RSS, s->rss);
		put_int(r, FIELD_DISK_FREE, s->disk_free);
		record_set_real(r, FIELD_LOAD, s->load);
		put_text(r, FIELD_KERNEL, s->kernel);
		put_text(r, FIELD_OS, s->os);
	}
	record_set_real(r, FIELD_CPU_SHARE, f->cpu_share);
	record_set_int(r, FIELD_JOURNAL_RECORDS, (int64_t)f->journal->waiting);
	record_set_int(r, FIELD_JOURNAL_BYTES, (int64_t)f->journal->bytes);
	record_set_int(r, FIELD_FLASH_WRITTEN, (int64_t)f->journal->written);
	if (f->budget->limit) {
		record_set_int(r, FIELD_BUDGET_USED, (int64_t)f->budget->used);
		record_set_int(r, FIELD_BUDGET_LIMIT, (int64_t)f->budget->limit);
	}
	record_set_text(r, FIELD_VERSION, f->version);
	put_text(r, FIELD_MODEM, f->modem);
	put_text(r, FIELD_MODEM_FIRMWARE, f->firmware);
	put_text(r, FIELD_SIM, f->sim);
	if (f->first)
		record_set_bool(r, FIELD_AGENT_START, true);
	record_set_int(r, FIELD_SKIPPED, (int64_t)f->skipped);
}
