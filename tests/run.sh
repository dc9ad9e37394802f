#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [NAME...]: runs the unit tests and replays the corpora of a build folder, all or the named ones, JOBS at a time
# (as many as there are processors); CORPORA=no leaves the corpora out.  Of one that fails its whole output is shown.
# The last line counts test functions, and each corpus as one: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "run.sh BUILD [NAME...]" >&2; exit 2; }
skip_line='^(not )?ok [0-9]+ # SKIP' # cmocka writes it with "not"
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1 second_deadlock_stack=1}"

say() { # NAME P F S EXIT: what is shown, and its counts in a file of their own
	if [ "$3" -eq 0 ]; then
		echo "ok   $1: $2 passed$([ "$4" -eq 0 ] || echo ", $4 skipped")"
		grep -E "$skip_line" "$out" | sed 's/^/     /'
	else
		echo "FAIL $1: $2 passed, $3 failed, exit $5"
		sed 's/^/     /' "$out" "$err"
	fi
	echo "$2 $3 $4" >"$counts"
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

if [ "$1" = --one ]; then # FOLDER PROGRAM: called by xargs below
	name=$(basename "$3")
	out=$2/$name.out err=$2/$name.err counts=$2/$name.counts
	case $3 in
	*/unit/*) unit "$name" "$3" ;;
	*) corpus "$name" "$3" ;;
	esac >"$2/$name.said"
	exit 0
fi

case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
shift
names=$*
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

wanted() { # NAME
	[ -z "$names" ] && return 0
	for n in $names; do [ "$n" = "$1" ] && return 0; done
	return 1
}

for kind in unit $([ "${CORPORA:-yes}" = no ] || echo fuzz); do
	for program in "$build/$kind"/*; do
		if [ -f "$program" ] && [ -x "$program" ] && wanted "$(basename "$program")"; then echo "$program"; fi
	done
done >"$folder/programs"
xargs -r -P "${JOBS:-$(nproc)}" -n 1 sh tests/run.sh --one "$folder" <"$folder/programs"

passed=0 failed=0 skipped=0
while read -r program; do
	name=$(basename "$program")
	cat "$folder/$name.said"
	read -r p f s <"$folder/$name.counts" || { p=0 f=1 s=0; echo "FAIL $name: it said nothing"; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done <"$folder/programs"
[ -s "$folder/programs" ] || { echo "nothing to run in $build"; failed=1; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
