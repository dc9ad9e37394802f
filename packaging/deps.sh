#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh build|demo|check: makes sure that what the goal needs is installed (Debian, apt).  Prints what
# it installs; does nothing when all is there.  Without root it says which command is to be run.
set -eu
goal=${1:-build}

build='gcc libc6-dev make pkg-config git npm libcurl4-openssl-dev libpcap-dev libconfig-dev libpaho-mqtt-dev libc-ares-dev
	libjson-c-dev libcbor-dev libssl-dev zlib1g-dev libsqlite3-dev libmicrohttpd-dev libcmocka-dev'
demo="$build mosquitto openssl python3 iproute2 procps"
check="$demo clang libclang-rt-14-dev clang-format-14 python3-pytest python3-pytest-xdist python3-scapy python3-cbor2 python3-cryptography mosquitto-clients
	iperf3 fping tshark chromium fonts-dejavu-core iputils-ping build-essential debhelper dpkg-dev fakeroot debootstrap man-db
	sqlite3 tcpdump curl systemd-container gpsd gpsd-clients modemmanager dbus-daemon dbus-bin"
case $goal in
build) want=$build ;;
demo) want=$demo ;;
check) want=$check ;;
*) echo "deps.sh: goal '$goal' is not one of build, demo, check" >&2; exit 2 ;;
esac

have() { # installed, or for npm any npm on the path: other packagings of Node bring their own
	case $1 in
	npm) command -v npm >/dev/null 2>&1 ;;
	*) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ;;
	esac
}

missing=
for p in $want; do
	have "$p" || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps.sh: these Debian packages are missing and there is no apt-get:$missing" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1; then
		sudo=sudo
	else
		echo "deps.sh: run as root: apt-get install -y$missing" >&2
		exit 1
	fi
fi
echo "deps.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
${sudo:-} apt-get update -qq
# shellcheck disable=SC2086
${sudo:-} apt-get install -y -qq --no-install-recommends $missing >/dev/null
