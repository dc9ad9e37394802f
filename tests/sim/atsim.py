#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A modem on a pseudo terminal: speaks AT as a scenario says and prints each phase as a line of JSON.

A scenario (tests/data/scenarios/*.json) has `answers` that hold in all phases and a list of `phases`:
  name, seconds, answers {command: text}, truth {what a probe must find out}, modes [...], and instead of answers
  "hang": true (reads, never answers; as the text of one command: only that one) or "gone": true (the port disappears until
  the next phase).  Text that begins with "cut:" stops after what follows, "late:" is said 0.3 s after OK, and "slow:N:" after N s,
  unless a byte comes first, which ends it with ERROR.
  "heals": {"after": WHAT, "phase": NAME}: such a phase ends by what a probe does, and the port is away for a moment:
    "reopen" (closed by its owner for half a second), "cfun" (+CFUN=1,1), "usb" (authorized 0, then 1, in --sysfs), "power" (the file of
    --power was made).
  "contexts": [1, 2] are active: +CGACT is done, not looked up, each change is printed, and while one is active +QSCAN finds nothing.
Modes: echo, half (answers come in fragments), urc (lines nobody asked for), wrong (the answer of another command comes
first), garbage (stray bytes), tired (40 ms for each answer, as over a real port).  Commands on standard input: `go NAME`, `mode NAME,...`, `quit`.
"""
import argparse
import fcntl
import json
import os
import random
import pathlib
import select
import signal
import socket
import struct
import sys
import time

TIOCSPTLCK = 0x40045431
TIOCGPTN = 0x80045430
TIOCGEXCL = 0x80045440
FINALS = ("OK", "ERROR", "+CME ERROR", "+CMS ERROR", "NO CARRIER")
ACCEPTED = ("AT", "ATE0", "ATE1", "AT+CMEE=", "AT+COPS=3,", "AT+CREG=", "AT+CGREG=", "AT+CEREG=", "AT+C5GREG=")


class Port:
    """A pty whose slave nobody has open yet; a symlink names it, as udev would."""

    def __init__(self, link):
        self.link = link
        self.looked = False  # whether it was left exclusive, since it was last used
        self.master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.ioctl(self.master, TIOCSPTLCK, struct.pack("i", 0))
        number = struct.unpack("i", fcntl.ioctl(self.master, TIOCGPTN, struct.pack("i", 0)))[0]
        os.chmod(f"/dev/pts/{number}", 0o666)  # as udev gives modems to a group
        new = f"{link}.new"
        if os.path.lexists(new):
            os.unlink(new)
        os.symlink(f"/dev/pts/{number}", new)
        os.replace(new, link)

    def is_exclusive(self):
        try:
            slave = os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return True
        flag = struct.unpack("i", fcntl.ioctl(slave, TIOCGEXCL, struct.pack("i", 0)))[0]
        os.close(slave)
        return flag != 0

    def is_unowned(self):
        """Still: a new owner may have come while we looked."""
        poll = select.poll()
        poll.register(self.master, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def read(self):
        return os.read(self.master, 4096)

    def write(self, data):
        os.write(self.master, data)

    def close(self):
        if os.path.lexists(self.link):
            os.unlink(self.link)
        os.close(self.master)


class Socket:
    """The same on an abstract socket, as ModemManager's test mode wants it; one connection at a time."""

    def __init__(self, name):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind("\0" + name)
        self.listener.listen(1)
        self.connection = None

    @property
    def master(self):
        return (self.connection or self.listener).fileno()

    def read(self):
        if not self.connection:
            self.connection, _ = self.listener.accept()
            raise BlockingIOError
        data = self.connection.recv(4096)
        if not data:
            self.connection.close()
            self.connection = None
            raise BlockingIOError
        return data

    def write(self, data):
        if self.connection:
            self.connection.sendall(data)

    def close(self):
        if self.connection:
            self.connection.close()
        self.listener.close()


class Sysfs:
    """A tree like /sys with one USB device, whose port changes its name each time it is plugged in."""

    def __init__(self, top):
        self.top = pathlib.Path(top)
        self.device = self.top / "devices/platform/usb1/1-1"
        self.interface = self.device / "1-1:1.2"
        for folder in (self.interface, self.top / "class/tty", self.top / "bus/usb/devices"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.device / "idVendor").write_text("2c7c\n")
        self.authorized = self.device / "authorized"
        self.authorized.write_text("1\n")
        (self.interface / "authorized").write_text("1\n")  # interfaces have one, too
        (self.top / "bus/usb/devices/1-1").symlink_to("../../../devices/platform/usb1/1-1")

    def plugged(self, link):
        for old in (self.top / "class/tty").iterdir():
            (old / "device").unlink()
            old.rmdir()
        node = self.top / "class/tty" / os.path.basename(os.path.realpath(link))
        node.mkdir()
        (node / "device").symlink_to("../../../devices/platform/usb1/1-1/1-1:1.2")

    def is_on(self):
        return self.authorized.read_text().strip() != "0"


class Modem:
    def __init__(self, scenario, link, modes, speed, hold, repeat, abstract=None, sysfs=None, power=None):
        self.common = scenario.get("answers", {})
        self.phases = scenario["phases"]
        self.link, self.speed, self.hold, self.repeat = link, speed, hold, repeat
        self.modes = set(modes)
        self.abstract, self.power = abstract, power
        self.sysfs = Sysfs(sysfs) if sysfs else None
        self.contexts = {}
        self.late = None  # (when, bytes, may be broken off)
        self.heal_at = None
        self.port = None
        self.pending = b""
        self.random = random.Random(1)
        self.began = time.monotonic()
        self.enter(0)

    def enter(self, index):
        self.index = index
        self.phase = self.phases[index]
        self.until = time.monotonic() + self.phase["seconds"] / self.speed
        self.late = self.heal_at = None
        if "contexts" in self.phase or index == 0:
            self.contexts = {cid: True for cid in self.phase.get("contexts", [])}
        if self.phase.get("gone"):
            self.unplug()
        elif not self.port:
            self.plug()
        out = {"phase": self.phase["name"], "t": round(time.monotonic() - self.began, 3), "seconds": self.phase["seconds"] / self.speed,
               "truth": self.phase.get("truth", {})}
        print(json.dumps(out), flush=True)

    def plug(self):
        self.port = Socket(self.abstract) if self.abstract else Port(self.link)
        if self.sysfs:
            self.sysfs.plugged(self.link)

    def unplug(self):
        if self.port:
            self.port.close()
        self.port = None
        self.pending = b""

    def heal(self, what):
        """The port goes away and comes back well."""
        heals = self.phase.get("heals")
        if heals and heals["after"] == what:
            self.unplug()
            self.heal_at = time.monotonic() + 0.3

    def look_around(self):
        if self.heal_at and time.monotonic() >= self.heal_at:
            self.enter([p["name"] for p in self.phases].index(self.phase["heals"]["phase"]))
        if self.late and time.monotonic() >= self.late[0]:
            data, self.late = self.late[1], None
            self.write(data)
        heals = self.phase.get("heals", {}).get("after")
        if heals == "usb" and self.sysfs and not self.heal_at:
            if self.port and not self.sysfs.is_on():
                self.unplug()
            elif not self.port and self.sysfs.is_on() and getattr(self, "was_off", False):
                self.heal("usb")
            self.was_off = not self.sysfs.is_on() or getattr(self, "was_off", False)
        if heals == "power" and self.power and os.path.exists(self.power) and not self.heal_at:
            os.unlink(self.power)
            self.heal("power")

    def context(self, command):
        """+CGACT as a modem does it."""
        if command == "AT+CGACT?":
            return "".join(f"+CGACT: {cid},{int(on)}\n" for cid, on in sorted(self.contexts.items())) + "OK"
        on, cid = command[len("AT+CGACT="):].split(",")
        self.contexts[int(cid)] = on == "1"
        print(json.dumps({"context": int(cid), "active": on == "1", "t": round(time.monotonic() - self.began, 3)}), flush=True)
        return "OK"

    def answer_for(self, command):
        if self.contexts and command.startswith("AT+CGACT") and command not in self.phase.get("answers", {}):
            return self.context(command)
        if command.startswith("AT+QSCAN") and any(self.contexts.values()):
            return "OK"
        for answers in (self.phase.get("answers", {}), self.common):
            if command in answers:
                return answers[command]
        if command in ACCEPTED or any(command.startswith(a) for a in ACCEPTED if a.endswith(("=", ","))):
            return "OK"
        return "ERROR"

    def write(self, data):
        try:
            if "half" not in self.modes | set(self.phase.get("modes", [])):
                self.port.write(data)
                return
            while data:
                n = self.random.randint(1, max(1, len(data) // 3))
                self.port.write(data[:n])
                data = data[n:]
                time.sleep(0.003)
        except OSError:
            pass  # nobody listens any more

    def take(self, command):
        modes = self.modes | set(self.phase.get("modes", []))
        if "tired" in modes:
            time.sleep(0.04)
        text = self.answer_for(command).strip("\n")
        if text == "hang":
            return
        if text.startswith("cut:"):
            self.write(text[4:].encode())
            return
        late = slow = None
        if text.startswith("late:"):
            text, late = "OK", f"\r\n{text[5:]}\r\n".encode("utf-8", "replace")
        if text.startswith("slow:"):
            _, slow, text = text.split(":", 2)
        lines = text.split("\n")
        if not lines[-1].startswith(FINALS):
            lines.append("OK")
        out = ""
        if "echo" in modes:
            out += command + "\r\r\n"
        if "wrong" in modes and command.endswith("?"):
            out += "\r\n+CGDCONT: 1,\"IP\",\"v-internet\"\r\n\r\nOK\r\n"
        if "urc" in modes:
            out += "\r\n+QIND: \"csq\",11,99\r\n\r\nRING\r\n"
        out += "".join(f"\r\n{line}\r\n" for line in lines[:-1])
        if "urc" in modes:
            out += "\r\n+CMTI: \"SM\",4\r\n"
        out += f"\r\n{lines[-1]}\r\n"
        data = out.encode("utf-8", "replace")
        if "garbage" in modes:
            data = b"\x00\xff\xfe\x07" + data.replace(b"\r\nOK", b"\r\n\x9c\x00\x1b[K~\r\nOK")
        if slow:
            self.late = (time.monotonic() + float(slow), data, True)
            return
        self.write(data)
        if late:
            self.late = (time.monotonic() + 0.3, late, False)

    def serve(self, wait):
        try:
            ready = select.select([self.port.master, sys.stdin] if self.stdin() else [self.port.master], [], [], wait)[0]
        except OSError:
            return
        if sys.stdin in ready:
            self.order(sys.stdin.readline())
        if not self.port or self.port.master not in ready:
            return
        try:
            data = self.port.read()
        except BlockingIOError:
            return
        except OSError:
            self.unowned()
            return
        self.port.looked = False
        if self.late and self.late[2]:
            self.late = None
            self.write(b"\r\nERROR\r\n")
        if self.phase.get("hang"):
            if b"AT+CFUN=1,1" in data:
                self.heal("cfun")
            self.pending = b""
            return
        self.pending += data
        while b"\r" in self.pending:
            line, self.pending = self.pending.split(b"\r", 1)
            command = line.strip().decode("ascii", "replace")
            if command:
                self.take(command)
        self.pending = self.pending[-1024:]

    def unowned(self):
        if not self.port.looked:
            self.port.closed = time.monotonic()
        elif time.monotonic() - self.port.closed > 0.5:
            self.heal("reopen")
            if not self.port:
                return
        self.was_unowned()

    def was_unowned(self):
        """The last owner closed it.  If it was killed, a new terminal forgets TIOCEXCL as a real tty does."""
        if not self.port.looked and self.port.is_exclusive() and self.port.is_unowned():
            self.unplug()
            self.plug()
        self.port.looked = True
        time.sleep(0.02)

    def stdin(self):
        return self.hold

    def order(self, line):
        words = line.split()
        if not words or words[0] == "quit":
            raise SystemExit
        if words[0] == "go":
            names = [p["name"] for p in self.phases]
            self.enter(names.index(words[1]))
        elif words[0] == "mode":
            self.modes = set(words[1].split(",")) - {"none"} if len(words) > 1 else set()
            print(json.dumps({"modes": sorted(self.modes)}), flush=True)

    def run(self):
        while True:
            self.look_around()
            left = self.until - time.monotonic()
            if self.hold:
                left = 1.0
            elif left <= 0:
                if self.index + 1 < len(self.phases):
                    self.enter(self.index + 1)
                elif self.repeat:
                    self.enter(0)
                else:
                    print(json.dumps({"phase": None, "t": round(time.monotonic() - self.began, 3)}), flush=True)
                    return
                continue
            if self.late or self.phase.get("heals"):
                left = min(left, 0.05)
            if self.port:
                self.serve(left)
            elif self.stdin():
                if select.select([sys.stdin], [], [], left)[0]:
                    self.order(sys.stdin.readline())
            else:
                time.sleep(left)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("scenario")
    p.add_argument("--link", required=True, help="path of the port, a symlink to the terminal")
    p.add_argument("--speed", type=float, default=1.0, help="phases pass so many times faster")
    p.add_argument("--mode", default="", help="echo,half,urc,wrong,garbage,tired")
    p.add_argument("--hold", action="store_true", help="phases change only by `go NAME` on standard input")
    p.add_argument("--repeat", action="store_true", help="begin again after the last phase")
    p.add_argument("--abstract", help="listen on this abstract socket instead of making a terminal")
    p.add_argument("--sysfs", help="make a tree like /sys there, with the modem as its USB device")
    p.add_argument("--power", help="a file whose appearance is the modem's power, off and on")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(a.scenario, encoding="utf-8") as f:
        scenario = json.load(f)
    modem = Modem(scenario, a.link, filter(None, a.mode.split(",")), a.speed, a.hold, a.repeat, a.abstract, a.sysfs, a.power)
    try:
        modem.run()
    except KeyboardInterrupt:
        pass
    finally:
        modem.unplug()


if __name__ == "__main__":
    main()
