# SPDX-License-Identifier: Apache-2.0
"""What a power cut may leave of a folder, from the log that tests/shim/world.c writes.

Promised are only the bytes of a file up to its last sync, and the names in a folder up to the folder's last sync.  Of all
else any part may be there: a file's later changes up to some byte of some write, or its new length with zeros in it; a
folder's later changes up to some one of them.
"""
import os
import pathlib
import struct

HEAD = struct.Struct("=c3IQ")


class File:
    def __init__(self, content=b""):
        self.durable = bytes(content)
        self.pending = []  # (at, bytes), or (length, None) for a new length

    def after(self, operations):
        data = bytearray(self.durable)
        for at, written in operations:
            if written is None:
                data[at:] = b"\0" * (at - len(data))
            else:
                data.extend(b"\0" * (at - len(data)))
                data[at:at + len(written)] = written
        return bytes(data)

    def now(self):
        return self.after(self.pending)

    def sync(self):
        self.durable, self.pending = self.now(), []

    def cut(self, random):
        """Any state between the durable one and the newest."""
        if not self.pending:
            return self.durable
        n = random.randint(0, len(self.pending))
        kept = self.pending[:n]
        if n < len(self.pending) and self.pending[n][1]:
            at, written = self.pending[n]
            how = random.random()
            if how < 0.7:
                kept = kept + [(at, written[:random.randint(0, len(written))])]
            elif how < 0.85:
                kept = kept + [(at, b"\0" * len(written))]
        return self.after(kept)


class World:
    """A folder as it is, as it is promised to be, and what was changed since."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.names = {}  # name -> File, as it is
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.names[str(path.relative_to(self.folder))] = File(path.read_bytes())
        self.durable = dict(self.names)
        self.changes = []  # (folder, name, File or None: gone), since the folder's last sync
        self.wrong = []

    def play(self, log):
        data = pathlib.Path(log).read_bytes() if os.path.exists(log) else b""
        at = 0
        while at + HEAD.size <= len(data):
            what, a, b, n, offset = HEAD.unpack_from(data, at)
            end = at + HEAD.size + a + b + n
            if end > len(data):
                break  # the kill came while this was written: it had not returned yet
            texts = data[at + HEAD.size:at + HEAD.size + a + b].decode()
            self.one(what.decode(), texts[:a], texts[a:], offset, data[end - n:end])
            at = end
        return self

    def name(self, *changes):
        """One change of a folder: a rename is whole or is not."""
        self.changes.append((os.path.dirname(changes[0][0]), changes))
        apply(self.names, changes)

    def one(self, what, path, second, offset, data):
        file = self.names.get(path)
        if what == "C":
            self.name((path, File()))
        elif what == "W" and file:
            file.pending.append((offset, data))
        elif what == "T" and file:
            file.pending.append((offset, None))
        elif what == "S" and file:
            file.sync()
        elif what == "R" and file:
            self.name((path, None), (second, file))
        elif what == "L" and file:
            self.name((second, file))
        elif what == "U":
            self.name((path, None))
        elif what == "X":
            self.wrong.append(f"{path}: {second}")
        elif what == "D":
            for folder, changes in self.changes:
                if folder == path:
                    apply(self.durable, changes)
            self.changes = [c for c in self.changes if c[0] != path]

    def promised(self):
        """name -> the bytes that must be there, however the power went."""
        return {name: file.durable for name, file in self.durable.items()}

    def cut(self, random):
        """What is found after the power is back: name -> bytes."""
        names, left = dict(self.durable), {}
        for folder, changes in self.changes:
            if folder not in left:
                left[folder] = random.randint(0, sum(f == folder for f, _ in self.changes))
            if left[folder] > 0:
                left[folder] -= 1
                apply(names, changes)
        return {name: file.cut(random) for name, file in names.items()}


def apply(names, changes):
    for name, file in changes:
        if file:
            names[name] = file
        else:
            names.pop(name, None)


def put(folder, files):
    """Makes the folder hold exactly these files; sockets and locks go as they do when a machine loses power."""
    folder = pathlib.Path(folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        if not path.is_dir():
            path.unlink()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_bytes(data)
