# SPDX-License-Identifier: Apache-2.0
"""A GNSS receiver on a pseudo-terminal, and gpsd in front of it, for tests."""

import datetime
import os
import pty
import shutil
import socket
import subprocess
import threading
import time
import tty

import pytest

from agent_tools import free_port, until

UTC = datetime.timezone.utc


def sentence(body):
    total = 0
    for c in body:
        total ^= ord(c)
    return f"${body}*{total:02X}\r\n"


def angle(value, digits):
    whole = int(abs(value))
    return f"{whole:0{digits}d}{(abs(value) - whole) * 60:08.5f}"


def moment(at, lat, lon, satellites=9, hdop=0.9, speed_mps=1.4, course=0.0):
    """The sentences of one second, as receivers say them."""
    time_of_day, date = f"{at:%H%M%S}.{at.microsecond // 10000:02d}", f"{at:%d%m%y}"
    point = f"{angle(lat, 2)},{'N' if lat >= 0 else 'S'},{angle(lon, 3)},{'E' if lon >= 0 else 'W'}"
    used = ",".join(f"{n:02d}" for n in range(1, satellites + 1)) + "," * (12 - satellites)
    seen = ",".join(f"{n:02d},{30 + n},{20 * n:03d},35" for n in range(1, 5))
    return (sentence(f"GPGGA,{time_of_day},{point},1,{satellites:02d},{hdop},990.0,M,-28.0,M,,")
            + sentence(f"GPGSA,A,3,{used},1.6,{hdop},1.3")
            + sentence(f"GPGSV,1,1,04,{seen}")
            + sentence(f"GPRMC,{time_of_day},A,{point},{speed_mps / 0.514444:.2f},{course:.1f},{date},,,A"))


def nothing(at):
    return sentence("GPGGA,,,,,,0,00,99.99,,,,,,") + sentence("GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99") + \
        sentence(f"GPRMC,{at:%H%M%S}.00,V,,,,,,,{at:%d%m%y},,,N")


class Receiver:
    """Says once a second where it is.  Attributes may be changed meanwhile."""

    def __init__(self, link, lat=22.8234, lon=104.9836, every=1.0):
        self.lat, self.lon, self.every = lat, lon, every
        self.step = (0.0, 0.0)  # each second
        self.fix = True
        self.silent = False
        self.frozen = None  # a moment that is said again and again
        self.shift = datetime.timedelta()
        self.link = link
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.symlink(os.ttyname(self.slave), link)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @property
    def tty(self):
        return os.ttyname(self.slave)

    def now(self):
        return datetime.datetime.now(UTC) + self.shift

    def say(self):
        if self.silent:
            return
        text = nothing(self.now()) if not self.fix else \
            self.frozen or moment(self.now(), self.lat, self.lon)
        self.lat += self.step[0]
        self.lon += self.step[1]
        try:
            os.write(self.master, text.encode())
        except BlockingIOError:
            pass  # nobody reads

    def freeze(self):
        self.frozen = moment(self.now(), self.lat, self.lon)

    def run(self):
        os.set_blocking(self.master, False)
        due = time.monotonic()
        while not self.ended.is_set():
            self.say()
            due += self.every
            self.ended.wait(max(0.0, due - time.monotonic()))

    def close(self):
        self.ended.set()
        self.thread.join()
        os.unlink(self.link)
        os.close(self.master)
        os.close(self.slave)


def gpsd_program(name):
    program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        pytest.skip(f"{name} is not installed (Debian: gpsd, gpsd-clients)")
    return program


class Gpsd:
    """The real one, in front of a receiver."""

    def __init__(self, folder, receiver):
        self.program, self.receiver, self.folder = gpsd_program("gpsd"), receiver, folder
        self.port = free_port()
        self.child = None
        self.start()

    def start(self):
        os.chmod(self.receiver.tty, 0o666)  # it gives up root
        with open(self.folder / "gpsd.log", "ab") as log:
            self.child = subprocess.Popen([self.program, "-N", "-n", "-b", "-S", str(self.port), self.receiver.tty],
                                          stdout=log, stderr=log)
        assert until(self.listens), (self.folder / "gpsd.log").read_text()

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.child:
            self.child.terminate()
            self.child.wait(10)
            self.child = None
