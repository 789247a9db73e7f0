"""What a long run shows on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from mho.cli.plain import printable

__all__ = ["Progress", "progress"]

_LINE_SECONDS = 10.0


class Progress(Protocol):
    """Something that can be told how far the work is."""

    def stage(self, what: str, done: int = 0) -> None:
        """Work begins, of which so many iterations are done already."""
        ...

    def iteration(self, number: int, total: int, quality: str) -> None:
        """An iteration is complete and has come that far."""
        ...


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Choose by what stderr is."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield _Lines()


class _Silent:
    def stage(self, what: str, done: int = 0) -> None:
        pass

    def iteration(self, number: int, total: int, quality: str) -> None:
        pass


class _Lines:
    """At most one line in ten seconds, and no control characters: for logs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINE_SECONDS

    def stage(self, what: str, done: int = 0) -> None:
        print(printable(what), file=sys.stderr, flush=True)

    def iteration(self, number: int, total: int, quality: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            print(f"iteration {number} of {total}, {quality}", file=sys.stderr, flush=True)


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, rate="", quality="")
        self._begun, self._before = time.monotonic(), 0

    def stage(self, what: str, done: int = 0) -> None:
        self._bar.reset(self._task, total=None, completed=done, description=printable(what), rate="", quality="")
        self._begun, self._before = time.monotonic(), done

    def iteration(self, number: int, total: int, quality: str) -> None:
        rate = (number - self._before) / max(time.monotonic() - self._begun, 1e-9)
        self._bar.update(self._task, completed=number, total=total, rate=f"{rate:.3g} it/s", quality=quality)


@contextmanager
def _bar() -> Iterator[_Bar]:
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
        yield _Bar(bar)
