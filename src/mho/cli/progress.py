"""Progress of a long run on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from mho.cli.tables import printable

__all__ = ["Progress", "progress"]

_LINE_SECONDS = 10.0


class Progress(Protocol):
    """Something that can be told how far the work is."""

    def stage(self, what: str, done: int = 0) -> None:
        """Work begins, of which so many iterations are done already."""
        ...

    def iteration(self, number: int, total: int, quality: str) -> None:
        """An iteration, or whatever is counted, is complete and has come that far."""
        ...


@contextmanager
def progress(*, quiet: bool, unit: str = "iteration") -> Iterator[Progress]:
    """Choose by what stderr is; `unit` is what is counted."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        with _bar(unit) as bar:
            yield bar
    else:
        yield _Lines(unit)


class _Silent:
    def stage(self, what: str, done: int = 0) -> None:
        pass

    def iteration(self, number: int, total: int, quality: str) -> None:
        pass


class _Lines:
    """At most one line in ten seconds, and no control characters: for logs."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._next = time.monotonic() + _LINE_SECONDS

    def stage(self, what: str, done: int = 0) -> None:
        print(printable(what), file=sys.stderr, flush=True)

    def iteration(self, number: int, total: int, quality: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            print(f"{self._unit} {number} of {total}, {quality}", file=sys.stderr, flush=True)


class _Bar:
    def __init__(self, bar: Any, unit: str) -> None:
        self._bar, self._unit = bar, unit
        self._task = bar.add_task("", total=None, rate="", quality="")
        self._begun, self._before = time.monotonic(), 0

    def stage(self, what: str, done: int = 0) -> None:
        self._bar.reset(self._task, total=None, completed=done, description=printable(what), rate="", quality="")
        self._begun, self._before = time.monotonic(), done

    def iteration(self, number: int, total: int, quality: str) -> None:
        rate = (number - self._before) / max(time.monotonic() - self._begun, 1e-9)
        self._bar.update(self._task, completed=number, total=total, rate=f"{rate:.3g} {self._unit}s/s", quality=quality)


@contextmanager
def _bar(unit: str) -> Iterator[_Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[quality]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, unit)
