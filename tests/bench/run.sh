#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: every benchmark, each with what one would use instead beside it, in the same run.  Quote ratios: absolute
# times of one machine mean nothing elsewhere.
set -u
cd "$(dirname "$0")/../.." || exit 2
O=${1:-build}
export PHUSONG_O="$O"

echo "== programs: size and memory"
for p in agent reflector collector; do
	strip -o "$O/phusong-$p.stripped" "$O/phusong-$p"
	printf 'phusong-%-10s stripped %7d bytes\n' "$p" "$(stat -c %s "$O/phusong-$p.stripped")"
	rm "$O/phusong-$p.stripped"
done
bad=0
for b in tests/bench/*.py; do
	echo
	echo "== $(sed -n 's/^"""\(.*\)$/\1/p' "$b" | head -n 1 | sed 's/"""$//')"
	/usr/bin/python3 "$b" || { echo "FAILED: $b"; bad=1; }
done
exit $bad
