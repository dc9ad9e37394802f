#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# coverage.sh BUILD: lines covered by the unit tests and corpora, by file, from gcov's own summary.
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$build" -name '*.gcda' ! -path '*/tests/*' | while read -r data; do
	gcov -n -o "$(dirname "$data")" "$data" 2>/dev/null
done >"$work/all"
awk -F"'" '
	/^File/ { file = $2 }
	/^Lines executed/ {
		split($0, part, /[:% ]+/)
		if (file !~ /^\// && file ~ /\.c$/) { printf "%6.1f %% of %5d  %s\n", part[3], part[5], file; hit += part[3] * part[5] / 100; all += part[5] }
		file = ""
	}
	END { if (all) printf "%6.1f %% of %5d  zzz\n", 100 * hit / all, all }' "$work/all" | sort -k5 | sed 's/zzz$/all/'
