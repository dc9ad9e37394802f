#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh BUILD: builds the programs in every way that matters and runs every test.  A step that fails does not hide
# the ones after it.  The last line adds up all of them: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
O=${1:-build}
logs=$O/check
mkdir -p "$logs"
passed=0 failed=0 skipped=0
started=$(date +%s)
python=/usr/bin/python3 # Debian's, which has the packages that deps.sh installed

count() { # PASSED FAILED SKIPPED
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

say() { printf '\n== %s (%d s)\n' "$1" "$(($(date +%s) - started))"; }

# step NAME COMMAND...: one test that passes when the command exits with 0
step() {
	name=$1
	shift
	say "$name"
	if "$@" >"$logs/step.log" 2>&1; then
		count 1 0 0
		echo "ok"
	else
		count 0 1 0
		tail -n 40 "$logs/step.log"
		echo "FAILED: $name"
	fi
}

# add up the last "N passed, N failed, N skipped" of a log
tally() {
	set -- "$1" "$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1)"
	if [ -z "$2" ]; then
		echo "FAILED: no closing line in $1"
		count 0 1 0
		return
	fi
	# shellcheck disable=SC2046
	count $(echo "$2" | sed 's/[^0-9 ]//g')
}

# the same flags everywhere: a test that calls make must not build the programs anew under the feet of others
export WERROR=1
build() { make --no-print-directory -j2 "$@"; }

unit() { # NAME FOLDER
	say "$1"
	sh tests/run.sh "$2" >"$logs/unit.log" 2>&1
	grep -vE '^ok ' "$logs/unit.log" | tail -n 60
	tally "$logs/unit.log"
}

pytest() { # NAME ARGUMENT...: into $logs/NAME.{log,xml}
	name=$1
	shift
	PHUSONG_O=$O $python -m pytest -q -rs -p no:cacheprovider --durations=15 --junitxml="$logs/$name.xml" "$@" >"$logs/$name.log" 2>&1
	tail -n 60 "$logs/$name.log"
}

# Times on an emulated link depend on the processors being there when they are needed: nothing runs beside these.  One that
# failed gets one more chance, alone and said aloud; nothing else does.
link_tests() {
	say "pytest: measurements on emulated links"
	pytest links tests/net
	rm -f "$logs/again.xml"
	$python tests/junit.py "$logs/links.xml" --failed >"$logs/again"
	if [ -s "$logs/again" ]; then
		echo "once more, alone:"
		cat "$logs/again"
		tr '\n' '\0' <"$logs/again" | PHUSONG_O=$O xargs -0 $python -m pytest -q -rs -p no:cacheprovider --junitxml="$logs/again.xml" >"$logs/again.log" 2>&1
		tail -n 30 "$logs/again.log"
	fi
	$python tests/junit.py "$logs/links.xml" "$logs/again.xml" >"$logs/links.sum"
	tally "$logs/links.sum"
}

# These mostly wait: three at a time, a file at a time.
system_tests() {
	say "pytest: programs, pages, packages"
	pytest system -n 3 --dist loadfile tests/system tests/web
	$python tests/junit.py "$logs/system.xml" >"$logs/system.sum"
	tally "$logs/system.sum"
}

step "build with gcc, warnings are errors" build O="$O" WERROR=1 all tools tests
unit "unit tests and corpora" "$O"
step "build with clang, warnings are errors" build O="$O-clang" CC=clang WERROR=1 all
step "build with AddressSanitizer and UndefinedBehaviorSanitizer" build O="$O-asan" SAN=address,undefined tests
unit "unit tests and corpora under ASan and UBSan" "$O-asan"
step "build with ThreadSanitizer" build O="$O-tsan" SAN=thread tests
# decoders have one thread: their corpora tell ThreadSanitizer nothing
CORPORA=no unit "unit tests under TSan" "$O-tsan"
step "lint" make --no-print-directory lint
system_tests
link_tests

printf '\n%d s\n%d passed, %d failed, %d skipped\n' "$(($(date +%s) - started))" "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
