"""A stream of a monitor as C99 of fixed memory: features, codes, scores and joint probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from mho.monitor.frames import KNOWN_SHARE, MOST_GUESSED, SMOOTHED
from mho.monitor.group import BLOCK, RIDGE, Group
from mho.monitor.monitor import Monitor
from mho.monitor.stream import GATE, StreamModel
from mho.monitor.tail import Tail
from mho.monitor.waveform import HOPS, IN_BLOCK, IN_HOP, WaveformFeatures

__all__ = ["CSource", "export_c"]

_LEVELS, _WAVEFORM = ("mean", "spread"), ("envelope", "kurtosis", "level", "spectrum")
"""Features of a window, in the order in which the C code holds them."""

_TURNS = 64
"""Numbers of the finer of the two tables whose products are the points of a circle."""

_RADICES = (4, 2, 3, 5, 7, 11)
_BYTES = {"double": 8, "float": 4, "int": 4}


@dataclass(frozen=True)
class CSource:
    """C source, and what it takes.

    Attributes
    ----------
    text : str
        C99, without allocation and without dependencies but ``math.h`` and ``string.h``.
    ram, flash : int
        Bytes of state, and of constants.
    operations : int
        Multiplications and additions of one window at the most.
    """

    text: str
    ram: int
    flash: int
    operations: int


def export_c(monitor: Monitor, *, name: str = "monitor", channel: str | None = None) -> CSource:
    """Return a stream of a monitor as C: its level channels, or a waveform.

    Parameters
    ----------
    monitor : Monitor
        That has learned.
    name : str
        For the comment at the top.
    channel : str, optional
        A channel of the stream, if there are more than one.

    Raises
    ------
    ValueError
        There are several streams and none is chosen, or no such channel was learned.
    """
    number = _stream(monitor, channel)
    model = monitor.streams[number]
    numbers = {
        "LOG_LIMIT": float(np.log(monitor.limits[number])),
        "CORRECTION": float(np.log(len(monitor.streams) * model.tests)),
    }
    about = f"{name}: model {monitor.hash}, channels {', '.join(one.name for one in model.channels)}"
    plain = "".join(one if one.isalnum() or one in " ,.:_-" else "_" for one in about)  # no end of the comment
    title = f"/* {plain}\n   To be included in the file that samples. */"
    seconds = monitor.adaptation.seconds
    write = _levels if model.channels[0].kind == "level" else _waveform
    return write(model, _Constants(title, numbers), seconds)


def _stream(monitor: Monitor, channel: str | None) -> int:
    names = [[one.name for one in model.channels] for model in monitor.streams]
    if channel is None and len(names) == 1:
        return 0
    for number, own in enumerate(names):
        if channel in own:
            return number
    known = ", ".join(name for own in names for name in own)
    raise ValueError(f"channel must be one of {known}, of the stream to be written as C, got {channel!r}")


class _Constants:
    """Constants as lines of C, and the bytes that they take."""

    def __init__(self, title: str, numbers: Mapping[str, float]) -> None:
        self.head = [title, "#include <math.h>", "#include <stdint.h>", "#include <string.h>", ""]
        self.flash = 0
        for key, value in numbers.items():
            self.head.append(f"static const double {key} = {value!r};")

    def sizes(self, **sizes: int) -> None:
        """Add integer constants."""
        self.head.append(f"enum {{ {', '.join(f'{key} = {int(value)}' for key, value in sizes.items())} }};")

    def table(self, key: str, array: Any, kind: str = "double") -> str:
        """Add a table, and return its name; none if it is empty."""
        array = np.asarray(array)
        if not array.size:
            return "0"
        numbers = [_number(value, kind) for value in array.ravel().tolist()]
        rows = [", ".join(numbers[i : i + 6]) for i in range(0, len(numbers), 6)]
        self.head.append(f"static const {kind} {key}[] = {{\n  " + ",\n  ".join(rows) + "\n};")
        self.flash += _BYTES[kind] * array.size
        return key

    def text(self, *parts: tuple[str, dict[str, str]]) -> str:
        """Return the source: constants, then files of the package with what they leave open."""
        folder = files("mho.monitor") / "c"
        return "\n".join(self.head) + "".join(
            Template((folder / part).read_text("utf-8")).substitute(own) for part, own in parts
        )


def _number(value: float, kind: str) -> str:
    if kind == "int":
        return str(int(value))
    if not np.isfinite(value):
        return "INFINITY"
    return repr(float(np.float32(value))) + "f" if kind == "float" else repr(float(value))


@dataclass(frozen=True)
class _Groups:
    """Groups of a stream as C, with their size."""

    text: str
    work: int
    operations: int


def _groups(model: StreamModel, constants: _Constants, features: tuple[str, ...]) -> _Groups:
    rows, operations = [], 0
    for number, (group, tail) in enumerate(zip(model.groups, model.tails, strict=True)):
        rows.append(_group(f"G{number}", group, tail, constants, features))
        d, (e, k), width = len(group.center), group.factors.shape, _width(group)
        rounds = 2 * 3 * k
        operations += 4 * d + 4 * e * k + 2 * k * k * e * (model.channels[0].kind == "level")
        operations += rounds * (k**3 // 3 + 6 * k * k) + 6 * width + 8 * int(np.log2(len(tail.scores)) + 1)
    entries = max(max(len(group.center), len(group.factors)) for group in model.groups)
    k = max(1, *(group.factors.shape[1] for group in model.groups))
    width = max(map(_width, model.groups))
    largest = max(1, *(group.plan.largest or 1 for group in model.groups))
    constants.sizes(G=len(model.groups), MOST_ENTRIES=entries, MOST_WIDTH=width, MOST_K=k, MOST_LARGEST=largest)
    text = "static const monitor_group GROUPS[G] = {\n" + ",\n".join(rows) + "\n};"
    work = 8 * (entries + width + 2 * k * k + 3 * k) + 8 * -(-k // 2)
    return _Groups(text, work, operations)


def _width(group: Group) -> int:
    return len(group.mean) if group.plan.factored else len(group.center)


def _group(prefix: str, group: Group, tail: Tail, constants: _Constants, features: tuple[str, ...]) -> str:
    """Return the initializer of a group, its tables being added to the constants."""
    plan, (e, k) = group.plan, group.factors.shape
    gram = group.factors.T @ group.factors + RIDGE * np.eye(k)
    tables = {
        "CENTER": group.center,
        "SCALE": group.scale,
        "FACTORS": group.factors,
        "GRAM": gram,
        "MEAN": group.mean,
        "SPREAD": group.spread,
        "SCORES": tail.scores,
    }
    width = _width(group)
    largest = min(plan.largest or 0, width)
    adjacent = min(plan.adjacent or 0, len(group.center))
    counts = [features.index(plan.features), len(group.center), e, k, width]
    counts += [int(plan.two_sided), int(plan.codes), largest, adjacent]
    names = [constants.table(f"{prefix}_{key}", table) for key, table in tables.items()]
    numbers = [repr(float(one)) for one in (tail.threshold, np.log(tail.share), tail.scale, tail.independent)]
    return f"  {{ {', '.join([*map(str, counts), *names, str(len(tail.scores)), *numbers])} }}"


def _levels(model: StreamModel, constants: _Constants, seconds: float) -> CSource:
    c, w, g = len(model.channels), model.window, len(model.groups)
    adapts = [group.plan.adapts for group in model.groups]
    keep = float(np.exp(-1 / (model.rate * seconds))) if np.isfinite(seconds) and any(adapts) else 1.0
    groups = _groups(model, constants, _LEVELS)
    constants.sizes(C=c, W=w, BLOCK=BLOCK)
    for key, value in {"LOG_GATE": np.log(GATE), "KEEP": keep, "KNOWN": max(1.0, KNOWN_SHARE * w)}.items():
        constants.head.append(f"static const double {key} = {float(value)!r};")
    constants.table("START", np.concatenate(model.centers))
    constants.table("FLAT_AFTER", model.limits["run"])
    constants.table("QUIET", model.limits["quiet"])
    constants.table("ADAPTS", adapts, "int")
    text = constants.text(("groups.c", {"groups": groups.text}), ("levels.c", {}))
    ram = 8 * (w * c + c + 3 * g * c + 2 * c) + groups.work + _padded(4 * (c + 2))
    return CSource(text, ram, constants.flash, groups.operations + 6 * w * c + 12 * g * c)


def _waveform(model: StreamModel, constants: _Constants, seconds: float) -> CSource:
    extract = WaveformFeatures(model.rate)
    groups = _groups(model, constants, _WAVEFORM)
    names = [group.plan.name for group in model.groups]
    filters, lines = extract.filters, extract.spectrum_edges
    magnitudes = [IN_HOP * band.margin // band.averaged for band in filters[:-1]]
    longest = max(
        extract.block // 2, *(IN_BLOCK * band.margin for band in filters), *(HOPS * m // 2 for m in magnitudes)
    )
    envelope, spectrum = len(extract.envelope_hertz), len(extract.spectrum_hertz)
    sizes = {"HOPS": HOPS, "IN_HOP": IN_HOP, "IN_BLOCK": IN_BLOCK, "BANDS": len(filters), "SMOOTHED": SMOOTHED}
    sizes |= {"ENVELOPES": len(magnitudes), "ENVELOPE": envelope, "LINES": spectrum, "LONGEST": longest}
    sizes |= {"SAMPLES": extract.block, "HOP": extract.hop, "MARGIN": extract.margin, "MAGNITUDES": max(magnitudes)}
    sizes |= {"FIRST_LINE": extract.envelope_lines[0]}
    constants.sizes(**sizes, HAS_ENVELOPE="envelope" in names, HAS_SPECTRUM="spectrum" in names)
    limits = {"MOST_GUESSED": MOST_GUESSED * extract.samples, "MOST_CLIPPED": model.limits["clipped"][0], "PI": np.pi}
    limits["UNIT"] = model.unit
    constants.head += [f"static const double {key} = {_number(value, 'double')};" for key, value in limits.items()]
    constants.head.append(f"static const float GAIN = {_number(2 / extract.block, 'float')};")
    constants.table("SPECTRUM_EDGES", lines, "int")
    circles = _circles(extract, magnitudes, constants)
    text = constants.text(("groups.c", {"groups": groups.text}), ("waveform.c", {"circles": circles}))
    doubles = 2 * HOPS * len(filters) + (HOPS + SMOOTHED + 1) * spectrum + envelope + 2 * len(filters) + 1
    floats = 2 * extract.block + 4 * longest + len(magnitudes) * HOPS * max(magnitudes) + 9 * HOPS + 4
    return CSource(
        text,
        _padded(8 * doubles + groups.work + 4 * floats),
        constants.flash,
        groups.operations + _signal_operations(extract, magnitudes),
    )


def _padded(size: int) -> int:
    return -(-size // 8) * 8


def _circles(extract: WaveformFeatures, magnitudes: list[int], constants: _Constants) -> str:
    """Return the circles and filters as C, their tables being added to the constants."""
    block = _circle("BLOCK", extract.block, constants)
    bands, windows = [], []
    for number, band in enumerate(extract.filters):
        rise = constants.table(f"RISE_{number}", band.weights[: band.edge], "float")
        circle = _circle(f"BAND_{number}", IN_BLOCK * band.margin, constants)
        numbers = [band.first, len(band.weights), band.edge, band.margin, band.averaged, int(number < len(magnitudes))]
        bands.append(f"  {{ {', '.join(map(str, numbers))}, {rise}, {circle} }}")
    for number, magnitude in enumerate(magnitudes):
        windows.append("  " + _circle(f"WINDOW_{number}", HOPS * magnitude, constants))
    return (
        f"static const monitor_circle BLOCK_CIRCLE = {block};\n"
        + "static const monitor_band FILTERS[BANDS] = {\n"
        + ",\n".join(bands)
        + "\n};\n"
        + "static const monitor_circle WINDOW_CIRCLES[ENVELOPES] = {\n"
        + ",\n".join(windows)
        + "\n};"
    )


def _circle(key: str, n: int, constants: _Constants) -> str:
    """Return the initializer of a circle of n points."""
    parts = np.arange(_TURNS), _TURNS * np.arange(-(-n // _TURNS))
    turns = [np.exp(-2j * np.pi * part / n) for part in parts]
    names = [
        constants.table(f"{key}_{name}", turn.view(np.float64), "float")
        for name, turn in zip(("LOW", "HIGH"), turns, strict=True)
    ]
    return f"{{ {n}, {', '.join(names)} }}"


def _transform_operations(n: int) -> int:
    """Multiplications and additions of a complex transform of n numbers."""
    left, stride, total = n, 1, 0
    while left > 1:
        radix = next(one for one in _RADICES if left % one == 0)
        left //= radix
        total += left * radix * 6  # turns
        total += n // radix * (16 + 18 if radix == 4 else radix * ((radix - 1) * 8 + 6))
        stride *= radix
    return total


def _signal_operations(extract: WaveformFeatures, magnitudes: list[int]) -> int:
    line, total = 18, _transform_operations(extract.block // 2) + 4 * extract.hop
    for band in extract.filters:
        total += len(band.weights) * (line + 2) + _transform_operations(IN_BLOCK * band.margin)
        total += IN_HOP * band.margin * 8
    for magnitude in magnitudes:
        length = HOPS * magnitude
        total += 8 * length + _transform_operations(length // 2) + len(extract.envelope_hertz) * (line + 4)
    edges = extract.spectrum_edges
    return total + int(edges[-1] - edges[0]) * (line + 3) + (SMOOTHED + 4) * (len(edges) - 1)
