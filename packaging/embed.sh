#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh FOLDER: an assembler file (to be preprocessed) that holds every file of the folder, and a table
# `const struct web_file { const char *path; const unsigned char *data; size_t size; } web_files[]`
# that ends with a NULL path.
set -eu
root=$1
files=$(find "$root" -type f ! -name '.*' | LC_ALL=C sort)

cat <<'END'
#if __SIZEOF_POINTER__ == 8
#define WORD .quad
#else
#define WORD .long
#endif
	.section .rodata
END
n=0
for f in $files; do
	printf 'web_path_%d:\n\t.asciz "%s"\n\t.balign 16\n' "$n" "${f#"$root"/}"
	printf 'web_data_%d:\n\t.incbin "%s"\nweb_end_%d:\n\t.byte 0\n' "$n" "$f" "$n"
	n=$((n + 1))
done
printf '\t.section .data.rel.ro,"aw"\n\t.balign 8\n\t.globl web_files\nweb_files:\n'
i=0
while [ "$i" -lt "$n" ]; do
	printf '\tWORD web_path_%d\n\tWORD web_data_%d\n\tWORD web_end_%d - web_data_%d\n' "$i" "$i" "$i" "$i"
	i=$((i + 1))
done
printf '\tWORD 0\n\tWORD 0\n\tWORD 0\n\t.section .note.GNU-stack,"",%%progbits\n'
