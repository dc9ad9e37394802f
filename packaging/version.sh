#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the version: of git where there is a repository, of the file VERSION in a tarball.
here=$(dirname "$0")/..
if v=$(git -C "$here" describe --tags --always --dirty 2>/dev/null); then
	case $v in [0-9]*.*|v[0-9]*.*) echo "${v#v}" ;; *) echo "0.1.0+$v" ;; esac
elif [ -r "$here/VERSION" ]; then
	cat "$here/VERSION"
else
	echo 0.1.0
fi
