#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lint.sh C-FILES...: form and manners.  Each finding is a line; exit status 1 when there is one.
set -u
found=$(mktemp)
trap 'rm -f "$found"' EXIT

known() { # PATTERN...: what git knows, or in a tarball what is there
	git ls-files "$@" 2>/dev/null && return
	for p in "$@"; do find . \( -name node_modules -o -path './build*' \) -prune -o -name "$p" -print; done
}

clang-format-14 --dry-run "$@" 2>&1 | grep -E '^[^ ]+:[0-9]+:[0-9]+: (warning|error)' | sed 's/: warning.*/: form differs from .clang-format (make format)/' |
	sort -u -t: -k1,1 >>"$found"
grep -nHE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|system)\(' "$@" | sed 's/$/   <- banned function/' >>"$found"
for f in "$@"; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f:1: no SPDX line" >>"$found"
done
for f in $(known '*.sh' '*.py' '*.js' '*.css'); do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier' || echo "$f:1: no SPDX line" >>"$found"
done
for f in $(known '*.8' '*.5'); do
	man --warnings -E UTF-8 -l -Tutf8 -Z "$f" 2>&1 >/dev/null | sed "s|^|$f: |" >>"$found"
done
if [ -s "$found" ]; then
	cat "$found"
	exit 1
fi
