/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of collector.conf, as tables for config/conf.h. */
#ifndef COLLECTOR_OPTIONS_H
#define COLLECTOR_OPTIONS_H

#include "../config/conf.h"

#define COLLECTOR_CONF    "/etc/phusong/collector.conf"
#define BOUNDARIES_FOLDER "/usr/share/phusong/vn"

extern const struct section collector_sections[];

#endif
