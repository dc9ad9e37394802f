# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: built, installed into a clean root, started as their own user, removed."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get("PHUSONG_O", "build")).resolve()
PROGRAMS = ("agent", "reflector", "collector")


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    assert done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def packages():
    run("sh", "packaging/deb.sh", str(OUT / "deb"), cwd=TOP, timeout=600)
    found = {p: next((OUT / "deb").glob(f"phusong-{p}_*.deb")) for p in PROGRAMS}
    assert len(found) == 3
    return found


@pytest.fixture(scope="module")
def root(packages):
    """A Debian 12 root with nothing of ours in it, and the packages installed."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make a clean Debian root")
    where = pathlib.Path(tempfile.mkdtemp(prefix="phusong-root-"))
    where.chmod(0o755)  # the programs run in it as users of their own
    mirror = mirror_of_this_system()
    try:
        run("debootstrap", "--variant=minbase", "bookworm", str(where), *mirror, timeout=540)
        for name in ("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/keyrings",
                     "etc/apt/trusted.gpg.d", "usr/share/keyrings", "etc/resolv.conf", "etc/hosts"):
            copy_into(where, name)
        (where / "packages").mkdir()
        for deb in packages.values():
            shutil.copy(deb, where / "packages")
        in_root(where, "apt-get", "update", "-qq")
        in_root(where, "sh", "-c", "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /packages/*.deb",
                timeout=300)
        yield where
    finally:
        shutil.rmtree(where, ignore_errors=True)


def mirror_of_this_system():
    """The mirror that this system's own apt uses, so that the test needs no address of its own."""
    text = run("apt-cache", "policy", "base-files")
    found = re.search(r"\s(https?://\S+) bookworm/main", text)
    return [found.group(1)] if found else []


def copy_into(where, name):
    source = pathlib.Path("/") / name
    target = where / name
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=False, ignore_dangling_symlinks=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            target.unlink()
        shutil.copy(source, target)


def in_root(where, *command, timeout=120):
    return run("chroot", str(where), *command, timeout=timeout)


def test_a_package_brings_program_unit_man_page_and_configuration(root):
    for p in PROGRAMS:
        files = in_root(root, "dpkg", "-L", f"phusong-{p}").split()
        for wanted in (f"/usr/bin/phusong-{p}", f"/lib/systemd/system/phusong-{p}.service", f"/etc/phusong/{p}.conf"):
            assert wanted in files
        assert any(f.startswith(f"/usr/share/man/man8/phusong-{p}.8") for f in files) or not \
            (root / "usr/share/man").exists()


def test_each_program_has_a_user_of_its_own_that_cannot_log_in(root):
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    for p in PROGRAMS:
        assert users[f"phusong-{p}"][6].endswith("nologin")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_installed_configuration_is_valid(root, program):
    in_root(root, f"/usr/bin/phusong-{program}", "check", "-c", f"/etc/phusong/{program}.conf")
    assert program in in_root(root, f"/usr/bin/phusong-{program}", "--version")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_unit_s_command_starts_as_its_user_and_ends_on_term(root, program):
    unit = (root / f"lib/systemd/system/phusong-{program}.service").read_text()
    command = shlex.split(re.search(r"^ExecStart=(.*)$", unit, re.M).group(1))
    user = re.search(r"^User=(.*)$", unit, re.M).group(1)
    caps = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M).group(1).lower().replace("cap_", "+").replace(" ", ",")
    ambient = ["--inh-caps", f"-all,{caps}", "--ambient-caps", f"-all,{caps}"] if caps else []
    # a network of its own: the default ports must not meet this system's; /proc, for the boot id
    process = subprocess.Popen(
        ["unshare", "--net", "--mount", "sh", "-c", 'ip link set lo up; mount -t proc proc "$1/proc"; exec chroot "$@"', "sh",
         str(root), "setpriv", "--reuid", user,
         "--regid", user, "--init-groups", *ambient, *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(3)
    alive = process.poll() is None
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert alive, output
    assert process.returncode == 0, output


# What a unit's process can do, run in place of its program; one JSON object.
CAN = '''
import ctypes, json, os, socket
libc = ctypes.CDLL(None)
def opens(path, how):
    try:
        os.close(os.open(path, how | os.O_NOCTTY | os.O_NONBLOCK))
        return True
    except OSError:
        return False
def captures():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        return True
    except OSError:
        return False
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": os.getuid(), "bounding": int(status["CapBnd"], 16), "no_new_privs": int(status["NoNewPrivs"]),
    "seccomp": int(status["Seccomp"]),
    "reads_clock": libc.adjtimex(ctypes.create_string_buffer(512)) >= 0,
    "captures": captures(), "boot_id": opens("/proc/sys/kernel/random/boot_id", os.O_RDONLY),
    "writes_etc": opens("/etc/phusong/new", os.O_WRONLY | os.O_CREAT),
    "writes_state": opens(os.environ["STATE_DIRECTORY"] + "/new", os.O_WRONLY | os.O_CREAT),
    "modem": opens("/run/modem", os.O_RDWR)}))
'''

# The line under systemd: a modem (simulated), a broker as Debian installs it, the three units.
BOOTED = '''
python3 /opt/atsim.py --link /run/modem --repeat /opt/day.json >/dev/null 2>&1 &
while ! [ -e /run/modem ]; do sleep 0.1; done
chgrp dialout $(readlink -f /run/modem)
chmod 660 $(readlink -f /run/modem)
for p in agent reflector collector; do
	sed 's|^ExecStart=.*|ExecStart=/usr/bin/python3 /opt/can.py|; s|^Restart=.*|Restart=no|' /lib/systemd/system/phusong-$p.service \\
		>/run/systemd/system/can-$p.service
	systemctl daemon-reload
	systemctl start can-$p
	sleep 1
	journalctl --no-pager -o cat _SYSTEMD_UNIT=can-$p.service >/result/can-$p
done
sed -i 's|/dev/ttyUSB2|/run/modem|; /kind = "signal"/,/}/ s|interval_s = 60;|interval_s = 1;|; s|start_delay_s = 10|start_delay_s = 0|
	s|brokers = .*|brokers = [ "mqtt://127.0.0.1:1883" ];|; s|gather_s = [0-9]*;|gather_s = 1;|' /etc/phusong/agent.conf
sed -i 's|register = "closed"|register = "open"|' /etc/phusong/collector.conf
systemctl restart phusong-reflector phusong-collector phusong-agent
sleep 10
phusong-agent status -c /etc/phusong/agent.conf --json >/result/status
for p in agent reflector collector; do
	systemctl show -p ActiveState -p NRestarts phusong-$p >/result/runs-$p
	systemctl stop phusong-$p
	systemctl show -p Result phusong-$p >>/result/runs-$p
done
journalctl --no-pager -o cat -u 'phusong-*' >/result/journal
systemctl poweroff
'''


@pytest.fixture(scope="module")
def booted(root):
    """The root booted with systemd, once; the folder of what BOOTED found."""
    if not shutil.which("systemd-nspawn"):
        pytest.skip("systemd-nspawn is not installed")
    in_root(root, "sh", "-c", "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "
            "systemd systemd-sysv mosquitto python3", timeout=300)
    for name, text in (("opt/can.py", CAN), ("opt/booted.sh", BOOTED), ("etc/systemd/system/booted.service", (
            "[Unit]\nAfter=mosquitto.service\n[Service]\nType=oneshot\nExecStart=/bin/sh /opt/booted.sh\n"))):
        (root / name).write_text(text)
    shutil.copy(TOP / "tests/sim/atsim.py", root / "opt")
    shutil.copy(TOP / "tests/data/scenarios/day.json", root / "opt")
    (root / "result").mkdir()
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "booted.service").symlink_to("/etc/systemd/system/booted.service")
    # CAP_SYS_TIME: else the container's own filter forbids to read the clock's state, before the unit's does
    # a mount of its own of the one hierarchy of control groups: where a host mixes two, systemd-nspawn loses its way
    done = subprocess.run(["timeout", "-k", "5", "90", "unshare", "--mount", "sh", "-c",
                           'mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec systemd-nspawn "$@"', "sh",
                           "--quiet", f"--directory={root}", "--register=no",
                           "--keep-unit", "--private-network", "--capability=CAP_SYS_TIME", "--boot"],
                          stdin=subprocess.DEVNULL, text=True, errors="replace", capture_output=True)
    (wants / "booted.service").unlink()
    if not (root / "result/can-agent").exists():
        pytest.skip(f"no container with systemd can be started here: {(done.stdout + done.stderr)[-300:]}")
    return root / "result"


def test_under_systemd_the_units_find_each_other_and_deliver(booted):
    journal = (booted / "journal").read_text()
    for p in PROGRAMS:
        assert (booted / f"runs-{p}").read_text().split() == ["NRestarts=0", "ActiveState=active", "Result=success"], journal
    status = json.loads((booted / "status").read_text())
    assert status["uplink"]["connected"] and status["uplink"]["receipts"] >= 1, journal
    assert status["state"] == "ok", status


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_unit_can_do_what_its_program_needs_and_no_more(booted, program):
    can = json.loads((booted / f"can-{program}").read_text().splitlines()[-1])
    assert can["user"] != 0 and can["no_new_privs"] == 1 and can["seccomp"] == 2
    assert can["bounding"] in (0, 1 << 10, 1 << 13)  # nothing, CAP_NET_BIND_SERVICE or CAP_NET_RAW
    assert can["reads_clock"] and can["boot_id"] and can["writes_state"] and not can["writes_etc"]
    assert can["modem"] == (program == "agent")
    # to tell traffic of others from a test's own
    assert can["captures"] == (program == "agent")


def test_units_are_well_formed_and_confined():
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for p in PROGRAMS:
        unit = str(TOP / f"packaging/systemd/phusong-{p}.service")
        text = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], text=True, capture_output=True).stdout
        level = float(re.search(r"exposure level for \S+: ([0-9.]+)", text).group(1))
        assert level <= 2.5, text


def test_removal_leaves_configuration_and_purge_leaves_nothing(root):
    names = [f"phusong-{p}" for p in PROGRAMS]
    in_root(root, "apt-get", "remove", "-y", "-qq", *names, timeout=120)
    assert (root / "etc/phusong/agent.conf").exists()
    assert not (root / "usr/bin/phusong-agent").exists()
    in_root(root, "apt-get", "purge", "-y", "-qq", *names, timeout=120)
    assert not (root / "etc/phusong").exists()
    assert not (root / "var/lib/phusong-agent").exists()
