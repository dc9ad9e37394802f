# SPDX-License-Identifier: Apache-2.0
"""An idle agent: memory and who takes it, processor, wake-ups"""
import os
import re
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("PHUSONG_O", os.path.join(os.path.dirname(__file__), "../../build")))
AGENT = f"{BUILD}/phusong-agent"
SECONDS = 30
CONF = """agent = {{ state = "{0}/state"; start_delay_s = 0; }};
tests = ( );
"""


def status(pid):
    """/proc/PID/status of all threads together: memory once, context switches summed."""
    fields = {}
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            key, _, value = line.partition(":")
            if value.split() and value.split()[0].isdigit():
                fields[key] = int(value.split()[0])
    fields["wakes"] = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
            fields["wakes"] += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", f.read(), re.M).group(1))
    return fields


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def by_file(pid):
    """File, or "" for memory of its own: kB resident, kB private and dirty."""
    sums, name = {}, ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            if re.match(r"^[0-9a-f]+-[0-9a-f]+ ", line):
                words = line.split(None, 5)
                name = words[5].strip() if len(words) > 5 and words[5].startswith("/") else ""
            elif line.startswith(("Rss:", "Private_Dirty:")):
                sums.setdefault(name, [0, 0])[line.startswith("P")] += int(line.split()[1])
    return sums


def needs(file):
    """The files that the dynamic linker loads for one."""
    found = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
    return {os.path.realpath(path) for path in re.findall(r"(/\S+)", found)}


def groups(sums):
    """Whose libraries are these?  What only libcurl needs, what OpenSSL is, the agent itself, all others."""
    files = [f for f in sums if f]
    curl = next((f for f in files if os.path.basename(f).startswith("libcurl")), None)
    direct = re.findall(r"\[(.*?)\]", subprocess.run(["readelf", "-d", AGENT], capture_output=True, text=True, check=True).stdout)
    others = set()
    for f in files:
        if any(os.path.basename(f).startswith(d.split(".so")[0] + ".so") for d in direct if not d.startswith("libcurl")):
            others |= {f} | needs(f)
    out = {"libcurl and what only it needs": [0, 0], "OpenSSL": [0, 0], "the agent": [0, 0], "other libraries": [0, 0],
           "heap and stacks": [0, 0]}
    only_curl = ({curl} | needs(curl) if curl else set()) - others
    for f, (rss, dirty) in sums.items():
        name = ("heap and stacks" if not f else "the agent" if os.path.realpath(f) == os.path.realpath(AGENT)
                else "OpenSSL" if re.search(r"/lib(crypto|ssl)\.", f)
                else "libcurl and what only it needs" if f in only_curl else "other libraries")
        out[name][0] += rss
        out[name][1] += dirty
    return out


def main():
    with tempfile.TemporaryDirectory() as folder:
        conf = f"{folder}/agent.conf"
        with open(conf, "w", encoding="ascii") as f:
            f.write(CONF.format(folder))
        agent = subprocess.Popen([AGENT, "run", "-c", conf], stderr=subprocess.DEVNULL)
        try:
            time.sleep(3)
            before, used = status(agent.pid), cpu(agent.pid)
            time.sleep(SECONDS)
            after = status(agent.pid)
            used = cpu(agent.pid) - used
            print(f"{'':32} {'resident':>12} {'private':>12}")
            sums = by_file(agent.pid)
            for name, (rss, dirty) in groups(sums).items():
                print(f"{name:32} {rss:9} kB {dirty:9} kB")
            print(f"{'all':32} {after['VmRSS']:9} kB {sum(d for _, d in sums.values()):9} kB   (target 6000 kB resident)")
            print(f"processor {100 * used / SECONDS:.2f} % of a core (target 0.1 %), "
                  f"{(after['wakes'] - before['wakes']) / SECONDS:.2f} wake-ups a second (target 1)")
        finally:
            agent.terminate()
            agent.wait(20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
