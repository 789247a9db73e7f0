"""Five uses that program a matrix once and solve many right-hand sides, as they were measured on real data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mho.cost.inference import Inference, of_numbers
from mho.cost.interval import Interval

__all__ = ["USES", "Use"]

_FILE = Path(__file__).with_name("uses.json")
_NAMES = ("visitor", "photo", "vibration", "camera", "topics")
_BESIDE = {
    "visitor": "phone, small core",
    "photo": "phone, big core",
    "vibration": "Cortex-M4",
    "camera": "phone, small core",
    "topics": "H100, 4,096 together",
}
"""What would answer otherwise, in the place where the use is."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """A use of one matrix and many answers.

    Attributes
    ----------
    about : str
        What was answered, on which data.
    run : Inference
        What programming and one answer took on the chip.
    metric : str
        Measure of quality, as "nDCG@10".
    digital : float
        Its value with answers of the CPU.
    chip : tuple of (float, float, float, float)
        Standard deviation of cells as a share of `g_max`; mean, lowest and highest value of the metric with it. The
        first is of the design itself.
    chips : int
        Chips of the first of them; of the others at least one.
    bar : float
        Loss of it that is borne.
    borne : Interval
        Root mean square error of cells at which half of that is lost, all of it, and twice as much.
    answers_per_day, updates_per_day : float
        Answers, and new matrices, by default; this project's assumption.
    beside : str
        One of `ANSWER_PLATFORMS`: what would answer otherwise.
    source : str
        Command and date of the measurement.

    Examples
    --------
    >>> from mho.cost import USES
    >>> USES["vibration"].metric, USES["vibration"].run.solves > 0
    ('AUC', True)
    """

    about: str
    run: Inference
    metric: str
    digital: float
    chip: tuple[tuple[float, float, float, float], ...]
    chips: int
    bar: float
    borne: Interval
    answers_per_day: float
    updates_per_day: float
    beside: str
    source: str

    @property
    def quality(self) -> Interval:
        """The metric with answers of the chip as its design is."""
        _, mean, low, high = self.chip[0]
        return Interval(low, mean, high)

    @property
    def is_met(self) -> bool:
        """Whether the chip as its design is loses no more than is borne."""
        return self.digital - self.quality.typical <= self.bar

    @property
    def kept_within(self) -> Interval | None:
        """Error of cells that rewriting keeps; None where as much is lost as written, which it cannot help."""
        return self.borne if self.is_met else None


class _Uses(Mapping[str, Use]):
    """The uses by name, read when one is first asked for."""

    def __getitem__(self, name: str) -> Use:
        return _use(name, _read()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES


@cache
def _read() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def _use(name: str, told: dict[str, Any]) -> Use:
    return Use(
        about=told["about"],
        run=of_numbers(told["run"]),
        metric=told["metric"],
        digital=told["digital"],
        chip=tuple((row["error"], row["mean"], row["low"], row["high"]) for row in told["chip"]),
        chips=told["chip"][0]["chips"],
        bar=told["bar"],
        borne=Interval(*told["borne"]),
        answers_per_day=told["answers_per_day"],
        updates_per_day=told["updates_per_day"],
        beside=_BESIDE[name],
        source=f"{told['command'].removeprefix('python ')}, {told['date']}, {told['machine']}, {told['commit']}",
    )


USES: Mapping[str, Use] = _Uses()
"""By name."""
