"""Run what a lost night could bring, part after part: python scripts/faults.py [PART ...] [--list] [--fresh].

Flipped bits, kills, full disks, forks, signals, damaged files of every kind, sanitizers. What has passed on these very
sources is not run again, so a run that was broken off goes on; --fresh begins anew. Figures are in build/faults.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / "build" / "faults"
PYTHON = sys.executable
MOST_MINUTES = 60


@dataclass(frozen=True)
class Part:
    """One command, with the counts that make it more than what `make test` tries."""

    tells: str
    command: tuple[str, ...]
    counts: dict[str, str] = field(default_factory=dict)


def _tests(*arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *arguments)


def _all_cores(*arguments: str) -> tuple[str, ...]:
    return _tests("-n", "auto", "--dist", "loadgroup", *arguments)


PARTS = {
    "flips": Part(
        "10,000 flipped bits, 300 killed writers, 300 full disks",
        _all_cores("tests/data/test_bit_flips.py", "tests/data/test_kills.py"),
        {"MHO_FLIPS": "1115", "MHO_KILLS": "60", "MHO_FULL_DISKS": "60"},
    ),
    "service": Part("a monitor killed 40 times", _tests("tests/monitor/test_service.py"), {"MHO_KILLS": "40"}),
    "camera": Part(
        "a camera killed 30 times, its stream cut 10 times",
        _tests("-s", "tests/camera", "-k", "killed or cut"),
        {"MHO_KILLS": "30", "MHO_CUTS": "10"},
    ),
    "states": Part(
        "30,000 damaged models, states and journals of monitors",
        (PYTHON, "tests/monitor/damaged_files.py", "30000", str(STATE / "damaged-monitors")),
    ),
    "broker": Part(
        "9,999 messages, 20 kills of the monitor, 5 of the broker",
        _tests("-s", "tests/monitor/test_mqtt_kills.py"),
        {"MHO_MONITOR_KILLS": "20", "MHO_BROKER_KILLS": "5", "MHO_MONITOR_MESSAGES": "9999"},
    ),
    "exits": Part("200 exits with a thread in a kernel", (PYTHON, "tests/faults/daemon_exit.py", "200")),
    "forks": Part("500 forks while threads fit", (PYTHON, "tests/faults/forks.py", "500")),
    "interrupts": Part("30 interrupts of each kernel", (PYTHON, "tests/faults/interrupts.py", "30")),
    "instrument": Part(
        "10,000 malformed commands of an instrument",
        _tests("tests/instrument/test_server.py", "-k", "malformed"),
        {"MHO_SCPI_MESSAGES": "10000"},
    ),
    **{
        f"sanitizers {isa}": Part(
            "the kernels' tests and 10,000 damaged pictures under sanitizers",
            ("scripts/sanitize.sh",),
            {"MHO_ISAS": isa, "MHO_MUTATED": "10000"},
        )
        for isa in ("baseline", "avx2", "avx512")
    },
    "files": Part(
        "200,000 damaged files of every kind", (PYTHON, "tests/faults/fuzz.py", "200000", str(STATE / "fuzzed"))
    ),
}


def sources() -> str:
    """Return the digest of all that the parts run."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "src", "tests", "scripts", "CMakeLists.txt", "pyproject.toml"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    digest = hashlib.sha256()
    for name in sorted(listed.stdout.decode().splitlines()):
        if (ROOT / name).is_file():
            digest.update(name.encode() + (ROOT / name).read_bytes())
    return digest.hexdigest()


def passed(now: str) -> dict[str, float]:
    """Return the seconds of the parts that have passed on the sources `now`; forget all others."""
    done = STATE / "passed.json"
    found = json.loads(done.read_text()) if done.exists() else {}
    if found.get("sources") != now:
        shutil.rmtree(STATE, ignore_errors=True)
        return {}
    return found["seconds"]


def keep(now: str, seconds: dict[str, float]) -> None:
    """Write down what has passed."""
    part = STATE / "passed.part"
    part.write_text(json.dumps({"sources": now, "seconds": seconds}, indent=1))
    part.replace(STATE / "passed.json")


def run(part: Part) -> float | None:
    """Run a part; return its seconds, None where it failed."""
    begun = time.monotonic()
    status = subprocess.run(part.command, cwd=ROOT, env=os.environ | part.counts).returncode
    return time.monotonic() - begun if status == 0 else None


def main() -> int:
    """Run the parts that are asked for; 1 if any fails."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", metavar="PART")
    options.add_argument("--list", action="store_true", help="tell the parts alone")
    options.add_argument("--fresh", action="store_true", help="forget what has passed")
    given = options.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        options.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if given.list:
        print("\n".join(f"{name:21} {part.tells}" for name, part in PARTS.items()))
        return 0
    if given.fresh:
        shutil.rmtree(STATE, ignore_errors=True)
    now = sources()
    seconds = passed(now)
    STATE.mkdir(parents=True, exist_ok=True)
    keep(now, seconds)
    failed = []
    for name in [name for name in given.parts or PARTS if name not in seconds]:
        print(f"mho: {name}: {PARTS[name].tells}", flush=True)
        took = run(PARTS[name])
        if took is None:
            failed.append(name)
        else:
            seconds[name] = round(took, 1)
            keep(now, seconds)
    return report(seconds, failed)


def report(seconds: dict[str, float], failed: list[str]) -> int:
    """Print what passed, what failed and what is left; return the exit code."""
    for name, part in PARTS.items():
        said = "FAILED" if name in failed else f"{seconds[name]:.0f} s" if name in seconds else "not run"
        print(f"{name:21} {said:>8}  {part.tells}")
    minutes = sum(seconds.values()) / 60
    print(f"mho: {len(seconds)} of {len(PARTS)} parts passed, in {minutes:.1f} minutes of {MOST_MINUTES}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
