/* SPDX-License-Identifier: Apache-2.0 */
/* The marker of a suspended line, and the USB device of a modem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/mem.h"
#include "probes/modem/line_marker.h"
#include "probes/modem/usb.h"
#include "remove_folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/phusong-line-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/marker", folder);
	return 0;
}

static int drop_folder(void **state)
{
	(void)state;
	return remove_folder_tree(folder);
}

static void put(const char *name, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", folder, name);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_marker_is_read_as_it_was_written(void **state)
{
	static const char *const words[] = { "command", "ifup", "wan 1", "" };
	struct line_marker m;

	(void)state;
	assert_int_equal(line_marker_read(&m, path), -ENOENT);
	assert_int_equal(line_marker_write(path, words, 4), 0);
	assert_int_equal(line_marker_read(&m, path), 0);
	assert_int_equal(m.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(m.words[i], words[i]);
	assert_null(m.words[4]);
	line_marker_remove(path);
	assert_int_equal(line_marker_read(&m, path), -ENOENT);
	line_marker_remove(path);
	line_marker_remove("");
}

static void a_marker_that_is_cut_or_strange_says_so(void **state)
{
	static const char *const texts[] = { "", "phusong suspended line 1\n",
		"phusong suspended line 1\nat\n", "phusong suspended line 1\nat\n/dev/ttyUSB2",
		"phusong suspended line 2\nat\n/dev/ttyUSB2\n1\n", "rm\n-rf\n/\n", "\n\n\n\n" };
	char many[400] = "phusong suspended line 1\n", wide[6000];
	struct line_marker m;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		put("marker", texts[i]);
		assert_int_equal(line_marker_read(&m, path), -EBADMSG);
	}
	for (int i = 0; i < MARKER_WORDS + 1; i++)
		snprintf(many + strlen(many), 4, "x\n");
	put("marker", many);
	assert_int_equal(line_marker_read(&m, path), -EBADMSG);
	memset(wide, 'x', sizeof(wide));
	wide[sizeof(wide) - 1] = 0;
	put("marker", wide);
	assert_int_equal(line_marker_read(&m, path), -EBADMSG);
}

static void what_does_not_fit_a_marker_is_refused(void **state)
{
	const char *words[MARKER_WORDS + 1];
	char wide[5000];

	(void)state;
	for (size_t i = 0; i <= MARKER_WORDS; i++)
		words[i] = "x";
	assert_int_equal(line_marker_write(path, words, MARKER_WORDS + 1), -E2BIG);
	memset(wide, 'x', sizeof(wide));
	wide[sizeof(wide) - 1] = 0;
	words[1] = wide;
	assert_int_equal(line_marker_write(path, words, 2), -E2BIG);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(line_marker_write("/no/such/folder/marker", words, 1), -ENOENT);
}

static void a_marker_belongs_to_one_watchdog(void **state)
{
	static const char *const words[] = { "at", "/dev/ttyUSB2", "1" };
	int first = -1, second = -1;

	(void)state;
	assert_int_equal(line_marker_lock(path, &first), -ENOENT);
	assert_int_equal(line_marker_write(path, words, 3), 0);
	assert_int_equal(line_marker_lock(path, &first), 0);
	assert_int_equal(line_marker_lock(path, &second), -EBUSY);
	close(first);
	assert_int_equal(line_marker_lock(path, &second), 0);
	close(second);
}

/* folder/sys with a USB modem whose tty is ttyUSB2 and whose QMI port is cdc-wdm0, and a tty of another kind */
static void make_sysfs(void)
{
	static const char *const folders[] = { "sys", "sys/class", "sys/class/tty",
		"sys/class/tty/ttyUSB2", "sys/class/tty/ttyS0", "sys/class/usbmisc",
		"sys/class/usbmisc/cdc-wdm0", "sys/bus", "sys/bus/usb", "sys/bus/usb/devices",
		"sys/devices", "sys/devices/usb1", "sys/devices/usb1/1-1",
		"sys/devices/usb1/1-1/1-1:1.2", "sys/devices/usb1/1-1/1-1:1.2/ttyUSB2",
		"sys/devices/pnp", "dev" };
	static const struct {
		const char *to, *at;
	} links[] = { { "../../../devices/usb1/1-1/1-1:1.2/ttyUSB2",
			      "sys/class/tty/ttyUSB2/device" },
		{ "../../../devices/pnp", "sys/class/tty/ttyS0/device" },
		{ "../../../devices/usb1/1-1/1-1:1.2", "sys/class/usbmisc/cdc-wdm0/device" },
		{ "../../../devices/usb1/1-1", "sys/bus/usb/devices/1-1" },
		{ "ttyUSB2", "dev/modem" } };
	static const char *const files[] = { "sys/devices/usb1/idVendor",
		"sys/devices/usb1/authorized", "sys/devices/usb1/1-1/idVendor",
		"sys/devices/usb1/1-1/authorized", "sys/devices/usb1/1-1/1-1:1.2/authorized",
		"dev/ttyUSB2", "dev/ttyS0", "dev/cdc-wdm0" };
	char at[256];

	for (size_t i = 0; i < COUNT(folders); i++) {
		snprintf(at, sizeof(at), "%s/%s", folder, folders[i]);
		assert_int_equal(mkdir(at, 0700), 0);
	}
	for (size_t i = 0; i < COUNT(files); i++)
		put(files[i], "1\n");
	for (size_t i = 0; i < COUNT(links); i++) {
		snprintf(at, sizeof(at), "%s/%s", folder, links[i].at);
		assert_int_equal(symlink(links[i].to, at), 0);
	}
}

static bool found(const char *device, char out[256])
{
	char full[256], sysfs[128];

	snprintf(full, sizeof(full), "%s%s", strncmp(device, "/sys/", 5) ? folder : "", device);
	snprintf(sysfs, sizeof(sysfs), "%s/sys", folder);
	return usb_find(sysfs, full, out, 256);
}

static void the_usb_device_of_a_port_is_the_modem_itself(void **state)
{
	char out[256] = "untouched", expected[256];

	(void)state;
	make_sysfs();
	snprintf(expected, sizeof(expected), "%s/sys/bus/usb/devices/1-1/authorized", folder);
	assert_false(found("/dev/ttyS0", out));
	assert_false(found("/dev/ttyUSB9", out));
	assert_false(found("/sys/devices/pnp", out));
	assert_string_equal(out, "untouched");
	assert_true(found("/dev/ttyUSB2", out));
	assert_string_equal(out, expected); /* not that of the interface, not that of the hub */
	out[0] = 0;
	assert_true(found("/dev/modem", out)); /* a link to it */
	assert_string_equal(out, expected);
	out[0] = 0;
	assert_true(found("/dev/cdc-wdm0", out));
	assert_string_equal(out, expected);
	out[0] = 0;
	assert_true(found("/sys/devices/usb1/1-1", out)); /* as ModemManager says */
	assert_string_equal(out, expected);
	assert_false(usb_find("/no/such/sysfs", "/dev/null", out, sizeof(out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_marker_is_read_as_it_was_written, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			a_marker_that_is_cut_or_strange_says_so, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			what_does_not_fit_a_marker_is_refused, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			a_marker_belongs_to_one_watchdog, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			the_usb_device_of_a_port_is_the_modem_itself, make_folder, drop_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
