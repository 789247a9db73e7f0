"""Write tests/slow.txt, the tests that `make quick` leaves out, from the times in the report of `make test`.

Usage: slow_tests.py [REPORT]    REPORT: JUnit XML, usually build/tests.xml
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
SLOW = 0.3
"""Seconds from which on a test is slow, its set-up included."""


def main(report="build/tests.xml"):
    """Write the names of slow tests, parameters left out, a line each."""
    cases = ElementTree.parse(ROOT / report).iter("testcase")
    slow = {_name(case) for case in cases if float(case.get("time") or 0) >= SLOW}
    (ROOT / "tests" / "slow.txt").write_text("".join(f"{name}\n" for name in sorted(slow)))
    print(f"tests/slow.txt: {len(slow)} tests of {SLOW} s and more")


def _name(case):
    file = (case.get("classname") or "").replace(".", "/") + ".py"
    return f"{file}::{(case.get('name') or '').partition('[')[0]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
