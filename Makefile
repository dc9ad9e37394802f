# SPDX-License-Identifier: Apache-2.0
# One file, no recursion.
#: make all      the three programs, into $(O)
#: make demo     install what is missing, build, run the whole line on loopback (DEMO_SECONDS=n ends it)
#: make check    install what is missing, build, run every test; last line: N passed, N failed, N skipped
#: make bench    accuracy, cost and speed beside what one would use instead
#: make asan tsan cov    unit tests and corpora under sanitizers; with coverage
#: make fuzz     libFuzzer on every decoder, FUZZ_SECONDS each
#: make lint format      check, or rewrite, the form of the code
#: make deb      Debian packages, into $(O)/deb
#: make install  DESTDIR= PREFIX=
#: make clean
#:
#: Options: O=folder  CROSS=aarch64-linux-gnu-  SAN=address,undefined  WERROR=1  V=1  CC=clang

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
# without .eh_frame, 12 % of the agent: C unwinds nothing, and debuggers read -g
flags  := -std=c11 -D_GNU_SOURCE -I. -O2 -g -fno-strict-aliasing -fstack-protector-strong $(warn) \
          -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
          $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2) \
          $(if $(COV),--coverage) $(if $(WERROR),-Werror)
lflags := -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN)) $(if $(COV),--coverage)
cc     := $(CROSS)$(CC)
ar     := $(CROSS)ar
# on the device small goes before fast; probes/core also serves the collector
small   = $(if $(filter-out probes/core/% probes/reflector/%,$(filter agent/% config/% probes/%,$(1))),-Os)
# relocations of tables of texts in a tenth of the room, where the linker can
comma  := ,
lflags += $(if $(findstring pack-relative-relocs,$(shell $(cc) -Wl$(comma)--help 2>/dev/null)),-Wl$(comma)-z$(comma)pack-relative-relocs)

# --- libraries: a missing one stops the build with the package to install --------------------------
quiet_goals := help clean format lint deps deb asan tsan cov fuzz
wants_build := $(if $(MAKECMDGOALS),$(filter-out $(quiet_goals),$(MAKECMDGOALS)),all)
# demo and check install what is missing before they build, in a second make
self_install := demo check
need_libs    := $(filter-out $(self_install),$(wants_build))

# another machine's libraries are packages of its architecture
arch_aarch64-linux-gnu    := :arm64
arch_arm-linux-gnueabihf  := :armhf
arch_riscv64-linux-gnu    := :riscv64
arch := $(arch_$(CROSS:-=))

# command, Debian package
tool = $(if $(shell command -v $(1)),,$(error $(1) is missing: apt install $(2)))
ifneq ($(need_libs),)
$(call tool,$(firstword $(cc)),$(CC)$(if $(CROSS),-$(CROSS:-=)))
$(call tool,$(firstword $(PKG)),pkgconf$(arch))
endif

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
say_missing = $(word 1,$(subst :, ,$(1))) is missing: apt install $(word 2,$(subst :, ,$(1)))$(arch)
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

.PHONY: all tools tests help clean
all: $(programs)
tools: $(tools) $(O)/shim/world.so
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

# preloaded into a program under test: never with a sanitizer, which wants to be the first library
$(O)/shim/%.so: tests/shim/%.c $(O)/.flags
	@mkdir -p $(@D)
	@echo "  SO    $@"
	$(Q)$(cc) $(filter -W% -std=%,$(flags)) -O1 -fPIC -shared -o $@ $< -ldl

%.a:
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(ar) rcs $@ $(filter %.o,$^)

$(O)/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(cc) $(flags) $(call small,$*) $(if $(FUZZ),-fsanitize=fuzzer-no-link) $(cppflags) -MMD -MP $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# the version is in one object only, so that a commit does not rebuild the world
$(O)/version.o: $(O)/version.c $(O)/.flags
	$(Q)$(cc) $(flags) $(CFLAGS) -c -o $@ $<
$(O)/version.c: $(O)/.version
	$(Q)printf 'extern const char phusong_version[];\nconst char phusong_version[] = "%s";\n' '$(VERSION)' >$@

# --- the pages of the collector: collector/web and the libraries of its lock file, embedded ---------------
npm        := npm --no-update-notifier
web        := $(O)/web
web_own    := $(filter-out %.md %.json %/node_modules,$(wildcard collector/web/*))
web_npm    := collector/web/node_modules/.installed
web_libs   := leaflet/dist/leaflet.js leaflet/dist/leaflet.css \
              pbf/index.js @mapbox/vector-tile/index.js @mapbox/point-geometry/index.js
%/node_modules/.installed: %/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: apt install npm" >&2; exit 1; }
	@echo "  NPM   $*"
	$(Q)cd $* && $(npm) ci --ignore-scripts --silent && touch node_modules/.installed
$(web)/.staged: $(web_own) $(web_npm) Makefile
	@mkdir -p $(web)/lib
	$(Q)cp $(web_own) $(web)/
	$(Q)for f in $(web_libs); do cp collector/web/node_modules/$$f $(web)/lib/$$(echo $$f | sed 's|/dist/|/|; s|^@mapbox/||; s|/index\.js$$|.js|; s|.*/||'); done
	$(Q)sed -i "s|'@mapbox/point-geometry'|'./point-geometry.js'|" $(web)/lib/vector-tile.js
	$(Q)for p in leaflet pbf @mapbox/vector-tile @mapbox/point-geometry; do echo "== $$p"; cat collector/web/node_modules/$$p/LICENSE*; done >$(web)/licences.txt
	@touch $@
$(O)/web.o: $(O)/web.S
	$(Q)$(cc) -c -o $@ $<
$(O)/web.S: $(web)/.staged packaging/embed.sh
	$(Q)sh packaging/embed.sh $(web) >$@

stamp = @mkdir -p $(O); echo '$(2)' | cmp -s - $(1) || echo '$(2)' >$(1)
.PHONY: force
$(O)/.flags: force
	$(call stamp,$@,$(cc) $(flags) $(call small,agent/x) $(CFLAGS) $(LDFLAGS) $(FUZZ))
$(O)/.version: force
	$(call stamp,$@,$(VERSION))

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# --- the tests ------------------------------------------------------------------------------------------
# check: everything, installing what it needs; the last line adds up all runners
.PHONY: check demo bench asan tsan cov fuzz lint format deb install
check:
	$(Q)sh packaging/deps.sh check
	$(Q)sh tests/check.sh $(O)
demo:
	$(Q)sh packaging/deps.sh demo
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) O=$(O) all tools
	$(Q)/usr/bin/python3 tests/demo/demo.py $(O)
bench: all tools
	$(Q)sh tests/bench/run.sh $(O)
asan: ; $(Q)$(MAKE) --no-print-directory O=$(O)-asan SAN=address,undefined tests && sh tests/run.sh $(O)-asan
tsan: ; $(Q)$(MAKE) --no-print-directory O=$(O)-tsan SAN=thread tests && sh tests/run.sh $(O)-tsan
cov:
	$(Q)$(MAKE) --no-print-directory O=$(O)-cov COV=1 tests && sh tests/run.sh $(O)-cov
	$(Q)sh packaging/coverage.sh $(O)-cov
# FUZZ_SECONDS each; new inputs go to a scratch folder, never into the corpus
fuzz:
	$(Q)$(MAKE) --no-print-directory O=$(O)-fuzz CC=clang FUZZ=1 SAN=address,undefined fuzzers
	$(Q)sh tests/fuzz/run.sh $(O)-fuzz $(or $(FUZZ_SECONDS),60)
.PHONY: fuzzers
fuzzers: $(fuzzers)

c_files := $(wildcard agent/*.[ch] config/*.[ch] probes/*.[ch] probes/*/*.[ch] collector/*.[ch] collector/*/*.[ch] tests/*/*.c tests/*/*.h)
lint:
	$(Q)sh packaging/lint.sh $(c_files)
format:
	clang-format-14 -i $(c_files)

# --- installing ---------------------------------------------------------------------------------------------
bindir := $(DESTDIR)$(PREFIX)/bin
share  := $(DESTDIR)$(PREFIX)/share
etc    := $(DESTDIR)/etc/phusong
man8   := agent/phusong-agent.8 probes/reflector/phusong-reflector.8 collector/phusong-collector.8
confs  := agent.conf reflector.conf collector.conf
# a configuration that is there stays
install: all
	install -d $(bindir) $(share)/man/man8 $(share)/phusong/profiles $(share)/phusong/vn $(etc)
	install -m 755 $(programs) $(bindir)
	install -m 644 $(man8) $(share)/man/man8
	for f in $(confs); do [ -e $(etc)/$$f ] || \
		{ sed 's|/usr/share/phusong|$(PREFIX)/share/phusong|' config/$$f >$(etc)/$$f && chmod 644 $(etc)/$$f; } || exit 1; done
	install -m 644 config/profiles/*.conf $(share)/phusong/profiles
	install -m 644 config/vn/* $(share)/phusong/vn
deb:
	$(Q)sh packaging/deb.sh $(O)/deb

help:
	@sed -n 's/^#: //p' Makefile

clean:
	rm -rf $(O) $(O)-asan $(O)-tsan $(O)-cov $(O)-fuzz $(O)-clang
