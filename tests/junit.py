#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what pytest wrote.

    junit.py FILE [AGAIN]            N passed, N failed, N skipped; what passed in AGAIN counts as passed
    junit.py FILE --failed           the tests that failed, as pytest wants to be told
"""
import os
import sys
import xml.etree.ElementTree


def cases(path):
    """Test id -> "passed", "failed" or "skipped"."""
    found = {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        name = case.get("classname", "").replace(".", "/") + ".py::" + case.get("name", "")
        found[name] = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    return found


def main():
    result = cases(sys.argv[1])
    if "--failed" in sys.argv:
        for name, what in result.items():
            if what == "failed":
                print(name)
        return
    if len(sys.argv) > 2 and os.path.exists(sys.argv[2]):
        result.update({name: what for name, what in cases(sys.argv[2]).items() if what == "passed"})
    count = {what: list(result.values()).count(what) for what in ("passed", "failed", "skipped")}
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))


if __name__ == "__main__":
    main()
