"""Shared parts of the benchmarks: machine, date and commit; times and paired ratios; results that are kept; smoke runs.

``--smoke`` among the arguments asks for the smallest case alone, on made-up data where recordings or peers are needed,
to see that a benchmark still runs; nothing is written then.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import provenance

T = TypeVar("T")
Call = Callable[[], object]
Clock = Callable[[], float]

ROOT = provenance.ROOT


def smoke() -> bool:
    """Whether only the smallest case is wanted."""
    return "--smoke" in sys.argv


def sized(full: T, small: T) -> T:
    """Return a size of the benchmark: the small one with ``--smoke``."""
    return small if smoke() else full


def few(items: Iterable[T]) -> list[T]:
    """Return all of them; every fifth with ``--smoke``."""
    return list(items)[:: sized(1, 5)]


def arguments() -> list[str]:
    """Return the arguments but ``--smoke``."""
    return [argument for argument in sys.argv[1:] if argument != "--smoke"]


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows `about` as it is and knows ``--smoke``."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--smoke", action="store_true", help="the smallest case alone, to see that it runs")
    return made


def machine() -> dict[str, Any]:
    """Return the class of machine, the threads, the date and the commit, never the machine's name."""
    flags = Path("/proc/cpuinfo").read_text() if platform.system() == "Linux" else ""
    isa = next((name for name in ("avx512f", "avx2") if name in flags), platform.machine())
    return {"cores": os.cpu_count(), "isa": isa, "date": today(), "commit": commit()}


def where() -> dict[str, str]:
    """Return date, commit and, in one line, the class of machine."""
    found = machine()
    told = f"{platform.machine()}, {found['isa']}, {found['cores']} cores"
    return {"date": found["date"], "commit": found["commit"], "machine": told}


def today() -> str:
    """Return the date as it is written in results."""
    return date.today().isoformat()


def commit() -> str:
    """Return the commit that is measured, in short."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout.strip() or "unknown"


def keep(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Put parts into a JSON file, those of the same name away, and return all; with ``--smoke`` write nothing."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept |= found
    write(path, json.dumps(kept, indent=1) + "\n")
    return kept


def write(path: Path, text: str) -> None:
    """Write a result, and record what code made it; with ``--smoke`` do not."""
    if not smoke():
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".json":
            provenance.note(path)


def write_measured(path: Path, lines: list[str]) -> None:
    """Write lines between the two marks of a page of the docs; with ``--smoke`` do not."""
    begin, end = "<!-- begin measured -->", "<!-- end measured -->"
    text = path.read_text(encoding="utf-8")
    before, after = text[: text.index(begin)], text[text.index(end) + len(end) :]
    write(path, before + "\n".join([begin, "", *lines, "", end]) + after)


def table(head: str, rows: Iterable[str]) -> Iterator[str]:
    """Return the lines of a table in Markdown: `head` as it stands, and its rows."""
    yield head
    yield "|" + "---|" * (head.count("|") - 1)
    yield from rows


def timed(call: Callable[[], T], clock: Clock = time.perf_counter) -> tuple[T, float]:
    """Return the result of a call and its seconds, of processor time with ``time.process_time``."""
    begun = clock()
    found = call()
    return found, clock() - begun


def seconds(call: Call, repeats: int = 3) -> float:
    """Return the least time of a call; the first one, which loads and warms, is not counted."""
    call()
    return least(call, repeats)


def least(call: Call, repeats: int, clock: Clock = time.perf_counter) -> float:
    """Return the least time of some calls: others on the machine only add to it."""
    return min(timed(call, clock)[1] for _ in range(repeats))


def paired(first: Callable[[], float], second: Callable[[], float], rounds: int = 7) -> float:
    """Return the median of second over first, each giving its own seconds, taken in turn and in alternating order."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            after, before = second(), first()
        else:
            before, after = first(), second()
        ratios.append(after / before)
    return median(ratios)


def peak_gib() -> float:
    """Return the most memory that this process has had resident."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
