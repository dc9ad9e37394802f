#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh FOLDER: an assembler file that holds every file of the folder, and a table
# `struct web_file { const char *path; const unsigned char *data; size_t size; } web_files[]`
# that ends with a NULL path.
set -eu
root=$1
echo '	.section .rodata'
n=0
find "$root" -type f ! -name '*.md' ! -path '*/node_modules/*' ! -name 'package*.json' | LC_ALL=C sort | while read -r f; do
	printf 'web_path_%d:\n\t.asciz "%s"\n\t.balign 16\nweb_data_%d:\n\t.incbin "%s"\nweb_end_%d:\n\t.byte 0\n' "$n" "${f#"$root"/}" "$n" "$f" "$n"
	n=$((n + 1))
done
printf '\t.section .data.rel.ro,"aw"\n\t.balign 8\n\t.globl web_files\nweb_files:\n'
n=0
find "$root" -type f ! -name '*.md' ! -path '*/node_modules/*' ! -name 'package*.json' | LC_ALL=C sort | while read -r f; do
	printf '\t.quad web_path_%d\n\t.quad web_data_%d\n\t.quad web_end_%d - web_data_%d\n' "$n" "$n" "$n" "$n"
	n=$((n + 1))
done
printf '\t.quad 0, 0, 0\n\t.section .note.GNU-stack,"",%%progbits\n'
