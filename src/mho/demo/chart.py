"""Curves as inline SVG that takes its colours and letters from the page around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

__all__ = ["Axis", "Curve", "chart"]

_WIDTH, _HEIGHT = 460, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 26, 46


@dataclass(frozen=True)
class Curve:
    """A labelled line.

    Attributes
    ----------
    label : str
    x, y : sequence of float
    style : str
        Class in the page's style sheet.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    style: str


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes
    ----------
    label : str
        What it shows, with the unit.
    low, high : float
        Ends.
    log : bool
        Logarithmic, for values > 0.
    form : str
        Format of a tick's number.
    """

    label: str
    low: float
    high: float
    log: bool = False
    form: str = "g"

    def share(self, values: Sequence[float]) -> np.ndarray:
        """Return the positions of values on the axis, 0 at the low end and 1 at the high one."""
        scale: Callable = np.log if self.log else np.asarray
        low, high = scale(self.low), scale(self.high)
        return (scale(np.asarray(values, float)) - low) / ((high - low) or 1)

    def ticks(self) -> list[float]:
        """Return round numbers between the ends."""
        if self.log:
            decades = range(int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high))) + 1)
            candidates = [m * 10.0**d for d in decades for m in (1, 2, 5)]
        else:
            rough = (self.high - self.low) / 4 or 1
            decade = 10.0 ** np.floor(np.log10(rough))
            step = min((m * decade for m in (1, 2, 5, 10)), key=lambda s: abs(np.log(s / rough)))
            candidates = [n * step for n in range(int(self.low / step), int(self.high / step) + 2)]
        slack = 1e-9 * abs(self.high)
        return [t for t in candidates if self.low - slack <= t <= self.high + slack]


def chart(curves: Sequence[Curve], x: Axis, y: Axis, description: str) -> str:
    """Draw curves below a legend; where they coincide the first is on top.

    Parameters
    ----------
    curves : sequence of Curve
        In one chart.
    x, y : Axis
        Horizontal and vertical axis.
    description : str
        For those who cannot see it.
    """
    parts = [*_vertical_axis(y), *_horizontal_axis(x), *(_line(curve, x, y) for curve in reversed(curves))]
    legend = "".join(f'<li class="{curve.style}">{escape(curve.label)}</li>' for curve in curves)
    picture = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(description)}">{"".join(parts)}</svg>'
    )
    return f'<ul class="legend">{legend}</ul>{picture}'


def _line(curve: Curve, x: Axis, y: Axis) -> str:
    points = zip(_across(x.share(curve.x)), _down(y.share(curve.y)), strict=True)
    return f'<polyline class="curve {curve.style}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'


def _across(share: np.ndarray) -> np.ndarray:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _down(share: np.ndarray) -> np.ndarray:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _vertical_axis(axis: Axis) -> list[str]:
    ticks = axis.ticks()
    parts = [f'<text class="axis" x="0" y="{_TOP - 12}">{escape(axis.label)}</text>']
    for tick, at in zip(ticks, _down(axis.share(ticks)), strict=True):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{tick:{axis.form}}</text>')
    return parts


def _horizontal_axis(axis: Axis) -> list[str]:
    ticks = axis.ticks()
    base = _HEIGHT - _BOTTOM
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts = [f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for tick, at in zip(ticks, _across(axis.share(ticks)), strict=True):
        parts.append(f'<text class="axis" x="{at:.1f}" y="{base + 18}" text-anchor="middle">{tick:{axis.form}}</text>')
    parts.append(f'<text class="axis" x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(axis.label)}</text>')
    return parts
