#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [NAME...]: runs the unit tests and replays the corpora of a build folder, all or the named ones; CORPORA=no
# leaves the corpora out.  Of one
# that fails its whole output is shown.  The last line counts test functions, and each corpus as one:
# N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "run.sh BUILD [NAME...]" >&2; exit 2; }
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
shift
names=$*
passed=0 failed=0 skipped=0
skip_line='^(not )?ok [0-9]+ # SKIP' # cmocka writes it with "not"
out=$(mktemp)
err=$(mktemp)
trap 'rm -f "$out" "$err"' EXIT
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1 second_deadlock_stack=1}"

wanted() { # NAME
	[ -z "$names" ] && return 0
	for n in $names; do [ "$n" = "$1" ] && return 0; done
	return 1
}

say() { # NAME P F S EXIT
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	if [ "$3" -eq 0 ]; then
		echo "ok   $1: $2 passed$([ "$4" -eq 0 ] || echo ", $4 skipped")"
		grep -E "$skip_line" "$out" | sed 's/^/     /'
	else
		echo "FAIL $1: $2 passed, $3 failed, exit $5"
		sed 's/^/     /' "$out" "$err"
	fi
}

# A plan that was not fulfilled is a crash: what did not run has failed.
unit() { # NAME PROGRAM
	timeout -k 5 300 "$2" >"$out" 2>"$err"
	rc=$?
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$out" | awk '{ n += $1 } END { print n + 0 }')
	s=$(grep -cE "$skip_line" "$out")
	p=$(grep -E '^ok' "$out" | grep -cvE "$skip_line")
	f=$(grep -E '^not ok' "$out" | grep -cvE "$skip_line")
	[ $((p + f + s)) -ge "$plan" ] || f=$((plan - p - s))
	[ $rc -eq 0 ] || [ "$f" -gt 0 ] || f=1
	[ $((p + f + s)) -gt 0 ] || f=1
	say "$1" "$p" "$f" "$s" $rc
}

corpus() { # NAME PROGRAM
	timeout -k 5 300 "$2" >"$out" 2>"$err"
	rc=$?
	if [ $rc -eq 0 ]; then
		say "$1 ($(sed -n 's/.*: \([0-9]* inputs.*\)/\1/p' "$out" | tail -n 1))" 1 0 0 0
	else
		say "$1" 0 1 0 $rc
	fi
}

found=0
for kind in unit $([ "${CORPORA:-yes}" = no ] || echo fuzz); do
	for program in "$build/$kind"/*; do
		name=$(basename "$program")
		{ [ -f "$program" ] && [ -x "$program" ] && wanted "$name"; } || continue
		found=1
		if [ $kind = unit ]; then unit "$name" "$program"; else corpus "$name" "$program"; fi
	done
done
[ $found -eq 1 ] || { echo "nothing to run in $build"; failed=1; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
