"""Write tests/slow.txt, the tests that `make quick` and `make test` leave out, from the times in reports of all tests.

Usage: slow_tests.py [REPORT ...]    REPORT: JUnit XML, by default those of `make test` and `make test-long`
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
SLOW, LONG = 0.08, 0.8
"""Seconds from which on a test is slow or long, its set-up included, at whichever of its parameters takes longest."""


def main(*reports):
    """Write the names of slow tests, parameters left out, a line each with its marks."""
    seconds = {}
    for report in reports or ("build/tests.xml", "build/long.xml"):
        for case in ElementTree.parse(ROOT / report).iter("testcase"):
            name = _name(case)
            seconds[name] = max(seconds.get(name, 0), float(case.get("time") or 0))
    slow = {name: "slow long" if took >= LONG else "slow" for name, took in seconds.items() if took >= SLOW}
    (ROOT / "tests" / "slow.txt").write_text("".join(f"{name} {marks}\n" for name, marks in sorted(slow.items())))
    long = sum(marks.endswith("long") for marks in slow.values())
    print(f"tests/slow.txt: {len(slow)} tests of {SLOW} s and more, {long} of them of {LONG} s and more")


def _name(case):
    file = (case.get("classname") or "").replace(".", "/") + ".py"
    return f"{file}::{(case.get('name') or '').partition('[')[0]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
