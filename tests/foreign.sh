#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# foreign.sh ARCHITECTURE [NAME...]: builds programs and tests for another kind of processor and runs the unit tests and corpora
# (all or the named ones) under qemu-user.  armhf: 32 bits, of a time_t that ends in 2038; arm64: a Raspberry Pi of today;
# s390x: big-endian.  Libraries come from Debian into a folder of their own, so this system stays as it is.
# The last line is that of run.sh: N passed, N failed, N skipped.
set -eu
cd "$(dirname "$0")/.." || exit 2
case ${1:-} in
armhf) triplet=arm-linux-gnueabihf qemu=qemu-arm-static ;;
arm64) triplet=aarch64-linux-gnu qemu=qemu-aarch64-static ;;
s390x) triplet=s390x-linux-gnu qemu=qemu-s390x-static ;;
*) echo "foreign.sh armhf|arm64|s390x [NAME...]" >&2; exit 2 ;;
esac
arch=$1
shift
case $triplet in aarch64*) compiler=gcc-aarch64-linux-gnu ;; *) compiler=gcc-$triplet ;; esac
O=build-$arch
root=$PWD/build-root-$arch

need=
for command in $triplet-gcc:$compiler $qemu:qemu-user-static debootstrap:debootstrap; do
	command -v "${command%%:*}" >/dev/null || need="$need ${command#*:}"
done
if [ -n "$need" ]; then
	echo "foreign.sh: installing$need"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
fi

if [ ! -e "$root/.done" ]; then
	mirror=$(apt-cache policy base-files | sed -n 's/.* \(https*:[^ ]*\) bookworm\/main.*/\1/p' | head -n 1)
	rm -rf "$root"
	mkdir -p "$O"
	# shellcheck disable=SC2086
	debootstrap --foreign --variant=minbase --arch="$arch" --include=libc6-dev,libcurl4-openssl-dev,libpcap-dev,libconfig-dev,libpaho-mqtt-dev,libc-ares-dev,libjson-c-dev,libcbor-dev,libssl-dev,zlib1g-dev,libsqlite3-dev,libmicrohttpd-dev,libcmocka-dev bookworm "$root" $mirror >"$O/root.log" 2>&1 ||
		{ tail -n 5 "$O/root.log"; exit 1; }
	for deb in "$root"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$deb" "$root"; done
	rm -rf "$root"/var/cache/apt/archives
	touch "$root/.done"
fi

export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$root/usr/lib/$triplet/pkgconfig:$root/usr/share/pkgconfig" PKG_CONFIG_PATH=
make --no-print-directory -j"$(nproc)" O="$O" CROSS="$triplet-" CC="gcc --sysroot=$root" PKG=pkg-config WERROR=1 all tests >"$O/build.log" 2>&1 ||
	{ tail -n 40 "$O/build.log"; exit 1; }
file -b "$O/phusong-agent" 2>/dev/null | cut -d, -f1-2 || true
EMULATED=1 RUNNER="$qemu -L $root" LIMIT_S=900 sh tests/run.sh "$O" "$@"
