#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deb.sh FOLDER: builds the Debian packages from the files git knows (or all, in a tarball) into FOLDER.
set -eu
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
src=$out/src
rm -rf "$src" "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
mkdir "$src"
cd "$top"
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar cf - | tar xf - -C "$src"
else
	tar cf - --exclude=./build* --exclude=.git --exclude=node_modules . | tar xf - -C "$src"
fi
version=$(sh packaging/version.sh)
echo "$version" >"$src/VERSION"
cp -r packaging/debian "$src/debian"
for p in agent reflector collector; do
	cp "packaging/systemd/phusong-$p.service" "$src/debian/phusong-$p.service"

	echo "NOTICE" >"$src/debian/phusong-$p.docs"
done
# the date of the last change, not of the build: the same sources give the same package
date=$(git log -1 --format=%aD 2>/dev/null || date -R -r CHANGES.md)
cat >"$src/debian/changelog" <<END
phusong ($version) unstable; urgency=medium

  * See CHANGES.md.

 -- phusong maintainers <phusong@localhost>  $date
END
cd "$src"
dpkg-buildpackage -b -us -uc -rfakeroot -j"$(nproc)" >"$out/log" 2>&1 || { tail -n 40 "$out/log"; exit 1; }
rm -rf "$src"
ls "$out"/*.deb
