# SPDX-License-Identifier: Apache-2.0
# One file, no recursion.  `make help` lists what there is.

O       ?= build
PREFIX  ?= /usr
CROSS   ?=
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
PKG     ?= $(CROSS)pkg-config
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
SAN     ?=
COV     ?=
WERROR  ?=

VERSION := $(shell sh packaging/version.sh)

warn   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
flags  := -std=c11 -D_GNU_SOURCE -I. -O2 -g -fno-strict-aliasing -fstack-protector-strong $(warn) \
          -ffunction-sections -fdata-sections \
          $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2) \
          $(if $(COV),--coverage) $(if $(WERROR),-Werror)
lflags := -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN)) $(if $(COV),--coverage)
cc     := $(CROSS)$(CC)
ar     := $(CROSS)ar

# --- libraries: a missing one stops the build with the package to install --------------------------
quiet_goals := help clean format deps
wants_build := $(if $(MAKECMDGOALS),$(filter-out $(quiet_goals),$(MAKECMDGOALS)),all)
# demo and check install what is missing before they build, in a second make
self_install := demo check
need_libs    := $(filter-out $(self_install),$(wants_build))

# name, pkg-config module, Debian package
define library
$(1)_cflags := $$(shell $(PKG) --cflags $(2) 2>/dev/null)
$(1)_libs   := $$(shell $(PKG) --libs $(2) 2>/dev/null)
ifneq ($(need_libs),)
ifeq ($$(strip $$($(1)_libs)),)
missing += $(1):$(3)
endif
endif
endef
missing :=
$(eval $(call library,libcurl,libcurl,libcurl4-openssl-dev))
$(eval $(call library,libpcap,libpcap,libpcap-dev))
$(eval $(call library,libconfig,libconfig,libconfig-dev))
$(eval $(call library,libcares,libcares,libc-ares-dev))
$(eval $(call library,jsonc,json-c,libjson-c-dev))
$(eval $(call library,libcbor,libcbor,libcbor-dev))
$(eval $(call library,libcrypto,libcrypto,libssl-dev))
$(eval $(call library,zlib,zlib,zlib1g-dev))
$(eval $(call library,sqlite,sqlite3,libsqlite3-dev))
$(eval $(call library,microhttpd,libmicrohttpd,libmicrohttpd-dev))
$(eval $(call library,cmocka,cmocka,libcmocka-dev))
# Debian ships no .pc file for Paho
paho_libs := -lpaho-mqtt3as
ifneq ($(need_libs),)
ifeq ($(shell echo '\#include <MQTTAsync.h>' | $(cc) -E -x c - >/dev/null 2>&1 && echo yes),)
missing += paho-mqtt3as:libpaho-mqtt-dev
endif
endif
ifneq ($(strip $(missing)),)
say_missing = $(word 1,$(subst :, ,$(1))) is missing: apt install $(word 2,$(subst :, ,$(1)))
$(foreach m,$(wordlist 2,99,$(missing)),$(warning $(call say_missing,$(m))))
$(error $(call say_missing,$(firstword $(missing))))
endif

core_libs      := $(libcbor_libs) $(jsonc_libs) $(libcrypto_libs) $(libconfig_libs) $(zlib_libs) -lpthread -lm
probes_libs    := $(libcurl_libs) $(libcares_libs) $(libpcap_libs)
agent_libs     := $(paho_libs)
reflector_libs := $(microhttpd_libs)
collector_libs := $(paho_libs) $(sqlite_libs) $(microhttpd_libs)
cppflags := $(sort $(libcurl_cflags) $(libcares_cflags) $(libpcap_cflags) $(jsonc_cflags) $(libcbor_cflags) \
            $(libcrypto_cflags) $(libconfig_cflags) $(sqlite_cflags) $(microhttpd_cflags) $(cmocka_cflags))

# --- what is built from what --------------------------------------------------------------------------
src = $(filter-out %/main.c,$(wildcard $(1:%=%/*.c)))
obj = $(patsubst %.c,$(O)/%.o,$(1))

core_src      := $(call src,probes/core config)
probes_src    := $(call src,probes probes/modem)
reflector_src := $(call src,probes/reflector)
agent_src     := $(call src,agent)
collector_src := $(call src,collector collector/ingest collector/store collector/truth collector/report collector/http)
unit_src      := $(wildcard tests/unit/test_*.c)
fuzz_src      := $(wildcard tests/fuzz/fuzz_*.c)
bench_src     := $(wildcard tests/bench/*.c)
tool_src      := $(wildcard tests/tools/*.c)

programs := $(addprefix $(O)/,phusong-agent phusong-reflector phusong-collector)
units    := $(patsubst tests/unit/%.c,$(O)/unit/%,$(unit_src))
fuzzers  := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(fuzz_src))
tools    := $(patsubst tests/tools/%.c,$(O)/tools/%,$(tool_src))
archives := $(addprefix $(O)/,libcollector.a libagent.a libreflector.a libprobes.a libcore.a)

.PHONY: all tools tests help clean deps
all: $(programs)
tools: $(tools)
tests: $(units) $(fuzzers)

$(O)/libcore.a:      $(call obj,$(core_src)) $(O)/version.o
$(O)/libprobes.a:    $(call obj,$(probes_src))
$(O)/libreflector.a: $(call obj,$(reflector_src))
$(O)/libagent.a:     $(call obj,$(agent_src))
$(O)/libcollector.a: $(call obj,$(collector_src)) $(O)/web.o

$(O)/phusong-agent:     $(O)/agent/main.o $(O)/libagent.a $(O)/libprobes.a $(O)/libcore.a
$(O)/phusong-reflector: $(O)/probes/reflector/main.o $(O)/libreflector.a $(O)/libprobes.a $(O)/libcore.a
$(O)/phusong-collector: $(O)/collector/main.o $(O)/libcollector.a $(O)/libcore.a
$(O)/phusong-agent:     libs = $(agent_libs) $(probes_libs) $(core_libs)
$(O)/phusong-reflector: libs = $(reflector_libs) $(probes_libs) $(core_libs)
$(O)/phusong-collector: libs = $(collector_libs) $(core_libs)

$(programs):
	@echo "  LD    $@"
	$(Q)$(cc) $(lflags) -o $@ $(filter %.o %.a,$^) $(libs) $(LDFLAGS)

$(units): $(O)/unit/%: $(O)/tests/unit/%.o $(archives)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(cc) $(lflags) -o $@ $< $(archives) $(cmocka_libs) $(collector_libs) $(reflector_libs) $(agent_libs) $(probes_libs) $(core_libs) $(LDFLAGS)

# replay.c feeds every file of tests/fuzz/corpus/<target>/ with any compiler; `make fuzz` uses libFuzzer
$(fuzzers): $(O)/fuzz/%: $(O)/tests/fuzz/%.o $(if $(FUZZ),,$(O)/tests/fuzz/replay.o) $(archives)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(cc) $(lflags) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $(filter %.o,$^) $(archives) $(collector_libs) $(reflector_libs) $(agent_libs) $(probes_libs) $(core_libs) $(LDFLAGS)

$(tools): $(O)/tools/%: $(O)/tests/tools/%.o $(archives)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(cc) $(lflags) -o $@ $< $(archives) $(collector_libs) $(reflector_libs) $(agent_libs) $(probes_libs) $(core_libs) $(LDFLAGS)

%.a:
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(ar) rcs $@ $(filter %.o,$^)

$(O)/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(cc) $(flags) $(if $(FUZZ),-fsanitize=fuzzer-no-link) $(cppflags) -MMD -MP $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# the version is in one object only, so that a commit does not rebuild the world
$(O)/version.o: $(O)/version.c $(O)/.flags
	$(Q)$(cc) $(flags) $(CFLAGS) -c -o $@ $<
$(O)/version.c: $(O)/.version
	$(Q)printf 'extern const char phusong_version[];\nconst char phusong_version[] = "%s";\n' '$(VERSION)' >$@

# the pages of the collector, embedded: collector/web and the libraries of its lock file
web_files := $(wildcard collector/web/* collector/web/lib/*)
$(O)/web.o: $(O)/web.S $(web_files) $(O)/.flags
	$(Q)$(cc) -c -o $@ $<
$(O)/web.S: $(web_files) packaging/embed.sh
	@mkdir -p $(@D)
	$(Q)sh packaging/embed.sh collector/web >$@

stamp = @mkdir -p $(O); echo '$(2)' | cmp -s - $(1) || echo '$(2)' >$(1)
.PHONY: force
$(O)/.flags: force
	$(call stamp,$@,$(cc) $(flags) $(CFLAGS) $(LDFLAGS) $(FUZZ))
$(O)/.version: force
	$(call stamp,$@,$(VERSION))

-include $(shell find $(O) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(O)
