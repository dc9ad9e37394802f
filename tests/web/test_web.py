# SPDX-License-Identifier: Apache-2.0
"""The collector's pages in headless Chromium, over data that a small fleet of simulated probes delivered."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = TOP / "tests/web"
sys.path.insert(0, str(TOP / "tests/demo"))
import demo as demo_module  # noqa: E402

CHECKS = re.findall(r"^    (?:async )?([a-z_0-9]+)(?:\(|:)", (HERE / "pages.mjs").read_text().split("const checks = {")[1], re.M)


@pytest.fixture(scope="module")
def base():
    """A broker, a collector and every third place of the demo, delivered and judged; no agent."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    subprocess.run(["npm", "--no-update-notifier", "ci", "--ignore-scripts", "--silent"], cwd=HERE, check=True, timeout=300)
    demo = demo_module.Demo(os.environ.get("PHUSONG_O", str(TOP / "build")))
    try:
        os.environ["DEMO_EVERY"] = "3"
        places = demo.plan()
        demo.configure()
        demo.import_lists(places)
        demo.register(places)
        demo.start_broker()
        demo.start("collector", demo.program("phusong-collector"), "serve", "-c", str(demo.folder / "collector.conf"))
        demo_module.wait_for(lambda: demo.get("/healthz"), 15, "the collector")
        for i in range(demo_module.FLEET_WORKERS):
            specs = [f["spec"] for f in demo.fleet[i::demo_module.FLEET_WORKERS]]
            demo.start(f"fleet{i}", demo.program("tools/fleet"), "run", str(demo.folder / f"fleet{i}"),
                       f"mqtt://127.0.0.1:{demo.ports['mqtt']}", *specs)
        for i in range(demo_module.FLEET_WORKERS):
            assert demo.processes.pop(f"fleet{i}").wait(240) == 0, demo.tail(f"fleet{i}")
        demo_module.wait_for(demo.judged, 90, "the judgement")
        yield f"http://127.0.0.1:{demo.ports['http']}"
    finally:
        demo.close()


@pytest.mark.parametrize("check", CHECKS)
def test_page(base, check):
    done = subprocess.run(["node", "pages.mjs", base, check], cwd=HERE, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_statuses_are_those_the_simulated_places_were_given(base):
    """The simulated truth of each hamlet, against what the map says: never no_signal where there was signal.

    What one operator's SIM sees says nothing of the other operators, so a hamlet with GSM only, or with emergency calls only, is
    not settled for the best of all."""
    want = {"covered": {"covered"}, "weak": {"weak"}, "unstable": {"unstable"}, "no_signal": {"no_signal"}, "gsm_only": {"unmeasured"},
            "limited": {"unmeasured"}, "partial": {"partial"}, "power_lost": {"silent"}, "no_credit": {"silent", "unstable", "covered"},
            "modem_hung": {"silent"}}
    demo = demo_module.Demo.__new__(demo_module.Demo)
    places = {p["code"]: p["kind"] for p in demo_module.Demo.plan(demo)}
    with urllib.request.urlopen(f"{base}/collections/hamlets/items?limit=10000") as answer:
        found = {f["id"]: f["properties"]["status"] for f in json.load(answer)["features"]}
    wrong = {code: (kind, found[code]) for code, kind in places.items() if kind and code in found and found[code] not in want[kind]}
    assert not wrong
