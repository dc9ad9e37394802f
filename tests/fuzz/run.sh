#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD SECONDS: libFuzzer on each target.  What it finds new goes to a scratch folder: libFuzzer writes into the
# first folder it is given, and the corpus in the repository is chosen by hand.
set -u
build=$1
seconds=$2
here=$(dirname "$0")
bad=0
for target in "$build"/fuzz/fuzz_*; do
	case $target in *.d | *.o) continue ;; esac
	name=$(basename "$target")
	scratch=$build/scratch/$name
	mkdir -p "$scratch"
	printf '%s: ' "$name"
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -max_len=8192 -artifact_prefix="$scratch/" \
		"$scratch" "$here/corpus/${name#fuzz_}" >"$scratch.log" 2>&1; then
		grep -E '^Done' "$scratch.log" || echo done
	else
		bad=1
		tail -n 30 "$scratch.log"
	fi
done
exit $bad
