"""Options of recordings, and the words for what was learned and found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from mho.monitor import Alarm, Monitor

__all__ = ["ALARMED", "SourceOptions", "alarm_line", "load_monitor"]

ALARMED = 3
"""Exit code of commands that raised an alarm."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """Facts that recordings do not tell themselves.

    Parameters
    ----------
    rate
        Samples a second, where a file has no times.
    key
        Variable of a .mat file, as bearing.gs.
    """

    rate: float | None = None
    key: str | None = None

    def form(self, sources: Iterable[str | Path], labels: tuple[str, ...] = ()) -> Any:
        """Return them as readers of some files take them."""
        from mho import checks
        from mho.monitor.reading import FileFormat

        if self.rate is not None:
            checks.positive_number(self.rate, "--rate")
        for source in sources:
            if self.key is not None and Path(source).suffix.lower() != ".mat":
                raise ValueError(f"--key is a variable of a .mat file, got {source}")
        return FileFormat(rate=self.rate, key=self.key, labels=labels)

    def recordings(self, paths: list[Path], labels: tuple[str, ...] = ()) -> list[Any]:
        """Read whole files."""
        from mho.monitor.reading import read_recording

        form = self.form(paths, labels)
        return [read_recording(path, form=form) for path in paths]


Engine = Annotated[str | None, Parameter(show_default=False)]


def load_monitor(path: Path, engine: str | None = None) -> Monitor:
    """Read a monitor, by the engine that was asked for."""
    from mho.monitor import Monitor

    return Monitor.load(path, engine=engine)


def alarm_line(alarm: Alarm | dict[str, Any]) -> str:
    """Return an alarm in one line."""
    from mho.monitor import Explanation
    from mho.monitor.timestamps import spoken_moment as moment

    facts = alarm if isinstance(alarm, dict) else alarm.facts()
    until = "open" if facts["closed"] is None else f"to {moment(facts['closed'])}"
    why = str(Explanation(**facts["explanation"])) if facts["explanation"] else ""
    return f"{facts['id']}  {facts['kind']}  {moment(facts['opened'])} {until}  p {facts['p']:.2g}  {why}"
