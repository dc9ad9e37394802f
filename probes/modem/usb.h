/* SPDX-License-Identifier: Apache-2.0 */
/* The USB device that a modem is, out of sysfs. */
#ifndef MODEM_USB_H
#define MODEM_USB_H

#include <stdbool.h>
#include <stddef.h>

/* The path of "authorized" of the USB device that `device` belongs to ("/dev/ttyUSB2", "/dev/cdc-wdm0", a link to one, or
 * "/sys/devices/..." as ModemManager says); sysfs NULL is "/sys".  Writing 0 and 1 to it unplugs the
 * device and plugs it in again.  False, out untouched: it is gone, or no USB device. */
bool usb_find(const char *sysfs, const char *device, char *out, size_t room);

#endif
