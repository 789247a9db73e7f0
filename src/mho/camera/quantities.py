"""Durations and budgets as people write them: "2 s", "10 min", "20%", "25% of bytes", "50 MB/h"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from mho import checks
from mho.units import IN_SECONDS

__all__ = ["Bytes", "Keep", "Share", "Threshold", "is_of_bytes", "read_keep", "read_seconds"]

_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"


@dataclass(frozen=True)
class Share:
    """Keep a share of the last hour, of the clips of the highest scores; what is shown beside them counts.

    Parameters
    ----------
    share : float
        Above 0, at most 1.
    of : {"time", "bytes"}
        What is shared: the hour's time, or the bytes that a recording of all of it would take.

    Examples
    --------
    >>> from mho import Camera
    >>> from mho.camera import Share
    >>> Camera(keep=Share(0.2)).keep == Camera(keep="20%").keep
    True
    >>> Camera(keep=Share(0.25, "bytes")).keep == Camera(keep="25% of bytes").keep
    True
    """

    share: float
    of: str = "time"

    def __post_init__(self) -> None:
        if not 0 < checks.finite_number(self.share, "share") <= 1:
            raise ValueError(f"share must be above 0 and at most 1, got {self.share}")
        if self.of not in ("time", "bytes"):
            raise ValueError(f'of must be "time" or "bytes", got {self.of!r}')

    def __str__(self) -> str:
        return f"{100 * self.share:.6g}%" + " of bytes" * (self.of == "bytes")


@dataclass(frozen=True)
class Bytes:
    """Keep so many bytes an hour, of the clips of the highest scores.

    Parameters
    ----------
    per_hour : float
        Above 0.

    Examples
    --------
    >>> from mho import Camera
    >>> from mho.camera import Bytes
    >>> Camera(keep=Bytes(50e6)).keep == Camera(keep="50 MB/h").keep
    True
    """

    per_hour: float

    def __post_init__(self) -> None:
        checks.positive_number(self.per_hour, "per_hour")

    def __str__(self) -> str:
        return f"{self.per_hour * 1e-6:.6g} MB/h"


@dataclass(frozen=True)
class Threshold:
    """Keep every clip whose score is at least so high; about 1 is the score of the empty scene.

    Parameters
    ----------
    score : float
        Above 0.

    Examples
    --------
    >>> from mho import Camera
    >>> from mho.camera import Threshold
    >>> Camera(keep=Threshold(5)).keep == Camera(keep="score 5").keep
    True
    """

    score: float

    def __post_init__(self) -> None:
        checks.positive_number(self.score, "score")

    def __str__(self) -> str:
        return f"score {self.score:.6g}"


Keep = Share | Bytes | Threshold


def is_of_bytes(keep: Keep) -> bool:
    """Whether a budget is one of bytes."""
    return isinstance(keep, Bytes) or (isinstance(keep, Share) and keep.of == "bytes")


def read_keep(value: Any, name: str = "keep") -> Keep:
    """Return a budget from "20%", "25% of bytes", "50 MB/h", "score 5", or one that is given already.

    Raises
    ------
    ValueError, TypeError
        It is none.
    """
    if isinstance(value, Share | Bytes | Threshold):
        return value
    if not isinstance(value, str):
        raise TypeError(f'{name} must be such as "20%", "25% of bytes", "50 MB/h" or Threshold(5), got {value!r}')
    text = value.strip()
    if found := re.fullmatch(_NUMBER + r"\s*%(?:\s+of\s+(time|bytes))?", text):
        percent = float(found[1])
        if not 0 < percent <= 100:
            raise ValueError(f"{name} must be above 0% and at most 100%, got {value!r}")
        return Share(percent / 100, found[2] or "time")
    if (found := re.fullmatch(_NUMBER + r"\s*(kB|MB|GB)\s*/\s*h", text)) and float(found[1]) > 0:
        return Bytes(float(found[1]) * _BYTES[found[2]])
    if (found := re.fullmatch(r"score\s*" + _NUMBER, text)) and float(found[1]) > 0:
        return Threshold(float(found[1]))
    raise ValueError(f'{name} must be such as "20%", "25% of bytes", "50 MB/h" or "score 5", got {value!r}')


def read_seconds(value: Any, name: str) -> float:
    """Return a duration above 0 in seconds from a number of them, or text such as "2 s" or "10 min".

    Raises
    ------
    ValueError, TypeError
        It is none.
    """
    if not isinstance(value, str):
        return checks.positive_number(value, name)
    found = re.fullmatch(_NUMBER + r"\s*(ms|s|min|h|d)", value.strip())
    seconds = float(found[1]) * IN_SECONDS[found[2]] if found else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(f'{name} must be a duration such as "2 s" or "10 min", got {value!r}')
    return seconds
