"""Tells results of benchmarks that are older than their code: python scripts/check_results.py [--same RESULT ...].

Benchmarks record the digest of their own code with each result, in `benchmarks/code.json`. --same: what was changed
in a benchmark since changes no figure of these results, and whoever says so has looked; RESULT=SCRIPT adds one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import provenance  # noqa: E402 -- found by the path above


def main() -> int:
    """Print what is out of date; 1 if anything is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--same", nargs="+", default=[], metavar="RESULT[=SCRIPT]")
    for given in options.parse_args().same:
        result, _, script = given.partition("=")
        for one in [script] if script else provenance.record()[result]:
            provenance.note(ROOT / result, ROOT / one)
    lines = provenance.outdated()
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
