#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A modem on a pseudo terminal: speaks AT as a scenario says and prints each phase as a line of JSON.

A scenario (tests/data/scenarios/*.json) has `answers` that hold in all phases and a list of `phases`:
  name, seconds, answers {command: text}, truth {what a probe must find out}, modes [...], and instead of answers
  "hang": true (reads, never answers; as the text of one command: only that one, and
  "cut:..." stops after what follows) or "gone": true (the port disappears until the next phase).
Modes: echo, half (answers come in fragments), urc (lines nobody asked for), wrong (the answer of another command comes
first), garbage (stray bytes).  Commands on standard input: `go NAME`, `mode NAME,...`, `quit`.
"""
import argparse
import fcntl
import json
import os
import random
import select
import signal
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

    def close(self):
        if os.path.lexists(self.link):
            os.unlink(self.link)
        os.close(self.master)


class Modem:
    def __init__(self, scenario, link, modes, speed, hold, repeat):
        self.common = scenario.get("answers", {})
        self.phases = scenario["phases"]
        self.link, self.speed, self.hold, self.repeat = link, speed, hold, repeat
        self.modes = set(modes)
        self.port = None
        self.pending = b""
        self.random = random.Random(1)
        self.began = time.monotonic()
        self.enter(0)

    def enter(self, index):
        self.index = index
        self.phase = self.phases[index]
        self.until = time.monotonic() + self.phase["seconds"] / self.speed
        if self.phase.get("gone"):
            self.unplug()
        elif not self.port:
            self.port = Port(self.link)
        out = {"phase": self.phase["name"], "t": round(time.monotonic() - self.began, 3), "seconds": self.phase["seconds"] / self.speed,
               "truth": self.phase.get("truth", {})}
        print(json.dumps(out), flush=True)

    def unplug(self):
        if self.port:
            self.port.close()
        self.port = None
        self.pending = b""

    def answer_for(self, command):
        for answers in (self.phase.get("answers", {}), self.common):
            if command in answers:
                return answers[command]
        if command in ACCEPTED or any(command.startswith(a) for a in ACCEPTED if a.endswith(("=", ","))):
            return "OK"
        return "ERROR"

    def write(self, data):
        try:
            if "half" not in self.modes | set(self.phase.get("modes", [])):
                os.write(self.port.master, data)
                return
            while data:
                n = self.random.randint(1, max(1, len(data) // 3))
                os.write(self.port.master, data[:n])
                data = data[n:]
                time.sleep(0.003)
        except OSError:
            pass  # nobody listens any more

    def take(self, command):
        modes = self.modes | set(self.phase.get("modes", []))
        text = self.answer_for(command).strip("\n")
        if text == "hang":
            return
        if text.startswith("cut:"):
            self.write(text[4:].encode())
            return
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
        self.write(data)

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
            data = os.read(self.port.master, 4096)
        except BlockingIOError:
            return
        except OSError:
            self.unowned()
            return
        self.port.looked = False
        if self.phase.get("hang"):
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
        """The last owner closed it.  If it was killed, a new terminal forgets TIOCEXCL as a real tty does."""
        if not self.port.looked and self.port.is_exclusive():
            self.unplug()
            self.port = Port(self.link)
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
    p.add_argument("--mode", default="", help="echo,half,urc,wrong,garbage")
    p.add_argument("--hold", action="store_true", help="phases change only by `go NAME` on standard input")
    p.add_argument("--repeat", action="store_true", help="begin again after the last phase")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(a.scenario, encoding="utf-8") as f:
        scenario = json.load(f)
    modem = Modem(scenario, a.link, filter(None, a.mode.split(",")), a.speed, a.hold, a.repeat)
    try:
        modem.run()
    except KeyboardInterrupt:
        pass
    finally:
        modem.unplug()


if __name__ == "__main__":
    main()
