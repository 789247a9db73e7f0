"""Regression gate: hot paths of this checkout beside those of the commit in `benchmarks/baseline`, in turn, one thread:

    python benchmarks/gate.py [--rounds 9] [--least 0.95] [--case NAME ...] [--smoke]

The other commit is built once into `build/gate`. Processor time, which a busy machine disturbs less than the clock; the
median of each case's ratios of before over now. Exit code 1 if one of them is below `--least`. --smoke: this
checkout beside itself, one case once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gate_worker import CASES
from measure import ROOT, machine, paired, parser, sized, smoke

WORKER = Path(__file__).with_name("gate_worker.py")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("MHO", "OPENBLAS", "OMP")}


def built(commit: str) -> Path:
    """Return a folder with the package as that commit has it, built if it is not there."""
    folder = ROOT / "build" / "gate" / commit
    if not (folder / "mho").is_dir():
        source = folder.with_suffix(".source")
        source.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "x", "-C", source], input=archive, check=True)
        print(f"building {commit}: some minutes", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, source]
        subprocess.run(pip, check=True)
    return folder


class Version:
    """A version of mho in a process of its own."""

    def __init__(self, package: Path | None) -> None:
        environment = os.environ | ONE_THREAD | ({} if package is None else {"PYTHONPATH": str(package)})
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, WORKER], stdin=pipe, stdout=pipe, text=True, env=environment)
        where = self._reply()
        if package is not None and not where.startswith(str(package)):
            raise SystemExit(f"{where} was imported where {package} was meant")

    def seconds(self, case: str) -> float:
        """Return the processor time of a case."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{case}\n")
        self._process.stdin.flush()
        return float(self._reply())

    def _reply(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a version ended, see above")
        return line.strip()


def main() -> int:
    """Print the ratio of each case; return 1 if one is too low."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=sized(9, 1))
    options.add_argument("--least", type=float, default=sized(0.95, 0.0), help="of the speed before")
    options.add_argument("--case", nargs="+", choices=list(CASES), default=sized(list(CASES), ["sparse factorization"]))
    asked = options.parse_args()
    commit = (Path(__file__).with_name("baseline")).read_text().split()[0]
    before, now = Version(None if smoke() else built(commit)), Version(None)
    print(f"speed beside {commit}; {machine()}")
    slower = []
    for case in asked.case:
        ratio = paired(lambda case=case: now.seconds(case), lambda case=case: before.seconds(case), asked.rounds)
        print(f"  {case:35} {ratio:.3f}", flush=True)
        slower += [case] if ratio < asked.least else []
    if slower:
        print(f"slower than {asked.least:g} of what was: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
