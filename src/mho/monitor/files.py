"""A monitor's file: arrays in numpy's .npz format and one line of JSON, no code, with a checksum."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mho.data import DataError
from mho.data.sealed_npz import read_archive, write_archive
from mho.engines import Engine, engine_for
from mho.monitor.alarms import AlarmPlan
from mho.monitor.group import PLANS, Group
from mho.monitor.rate import parse_rate
from mho.monitor.recording import Channel
from mho.monitor.stream import StreamModel
from mho.monitor.tail import Tail
from mho.monitor.waveform import WaveformFeatures

__all__ = ["read_monitor", "write_monitor"]

_FORMAT = "mho monitor 1"
_WAVEFORMS, _WITHOUT_UNIT = 3, 2
"""Version of the features of waveforms: a limit holds for those that it was learned from alone. Those of a model
without a unit of its own are the same with a unit of 1."""

_GROUP_ARRAYS = ("center", "scale", "factors", "mean", "spread")
_STREAM_ARRAYS = ("drift", "examples", "example_times")
_MOST_WINDOW = 1 << 20
_MOST_RATE = 1e8


def write_monitor(path: str | os.PathLike[str], monitor: Any) -> None:
    """See `Monitor.save`."""
    streams, arrays = [], {}
    for number, model in enumerate(monitor.streams):
        groups = []
        for place, (group, tail, center) in enumerate(zip(model.groups, model.tails, model.centers, strict=True)):
            key = f"{number}.{place}"
            arrays |= {f"{key}.{name}": getattr(group, name) for name in _GROUP_ARRAYS}
            arrays |= {f"{key}.scores": tail.scores, f"{key}.start": center}
            facts = {"threshold": tail.threshold, "share": tail.share, "scale": tail.scale}
            groups.append({"name": group.plan.name, "tail": facts | {"independent": tail.independent}})
        arrays |= {f"{number}.{name}": getattr(model, name) for name in _STREAM_ARRAYS}
        facts = {name: getattr(model, name) for name in ("window", "disjoint", "seconds", "limits", "tests")}
        channels = [asdict(channel) for channel in model.channels]
        streams.append(facts | {"channels": channels, "groups": groups, "limit": monitor.limits[number]})
    seconds = monitor.adaptation.seconds
    about = {
        "format": _FORMAT,
        "waveforms": _WAVEFORMS,
        "streams": streams,
        "engine": type(monitor.engine).__name__.lower(),
        "rate": monitor.wanted.text,
        "adapt": seconds if np.isfinite(seconds) else None,
        "max_drift": monitor.adaptation.max_drift,
        "alarms": asdict(monitor.alarm_plan),
        "seed": monitor.seed,
    }
    write_archive(path, about, arrays)


def read_monitor(make: Callable[..., Any], path: str | os.PathLike[str], engine: str | Engine | None) -> Any:
    """Return a monitor, which `make` makes of its settings; see `Monitor.load`."""
    path = Path(path)
    with read_archive(path, "a monitor") as archive:
        _check_format(path, archive.about.get("format"))
        if not archive.sealed:
            raise DataError(f"{path}: is damaged: its checksum is gone")
        _check_waveforms(path, archive.about)
        return _monitor(make, archive.arrays, archive.about, engine)


def _check_format(path: Path, found: Any) -> None:
    if found != _FORMAT:
        what = "of a newer version of mho" if str(found).startswith("mho monitor ") else "no monitor"
        raise DataError(f"{path}: is {what}: its format is {str(found)[:40]!r}, {_FORMAT!r} is read")


def _check_waveforms(path: Path, about: dict[str, Any]) -> None:
    waves = any(channel["kind"] == "waveform" for facts in about["streams"] for channel in facts["channels"])
    found = about.get("waveforms", 1)
    if waves and found not in (_WAVEFORMS, _WITHOUT_UNIT):
        raise DataError(f"{path}: has features {found!r} of waveforms, {_WAVEFORMS} are computed here; learn it anew")


def _monitor(make: Callable[..., Any], file: Any, about: dict[str, Any], engine: str | Engine | None) -> Any:
    adapt = None if about["adapt"] is None else float(about["adapt"])
    monitor = make(adapt=adapt, max_drift=float(about["max_drift"]), seed=int(about["seed"]))
    wanted = str(about["rate"])
    monitor.wanted = parse_rate(wanted.partition(" % of")[0] + "%" if wanted.endswith("of windows") else wanted)
    plan = AlarmPlan(**about["alarms"])
    hold, clear = int(plan.hold), int(plan.clear)
    monitor.alarm_plan = AlarmPlan(hold=hold, clear=clear, stuck_seconds=float(plan.stuck_seconds))
    rng = np.random.default_rng(monitor.seed)
    monitor.engine = engine_for(about["engine"] if engine is None else engine, seed=rng)
    streams = [_stream(file, number, facts, monitor.engine) for number, facts in enumerate(about["streams"])]
    limits = [float(facts["limit"]) for facts in about["streams"]]
    if not streams or not all(0 < limit < 1 for limit in limits):
        raise ValueError("its limits are none")
    monitor.streams, monitor.limits = streams, limits
    monitor.reset()
    return monitor


def _stream(file: Any, number: int, facts: dict[str, Any], engine: Engine) -> StreamModel:
    channels = tuple(Channel(str(c["name"]), str(c["kind"]), float(c["rate"])) for c in facts["channels"])
    groups, tails, centers = [], [], []
    for place, group in enumerate(facts["groups"]):
        key = f"{number}.{place}"
        arrays = {name: _numbers(file[f"{key}.{name}"]) for name in _GROUP_ARRAYS}
        groups.append(Group(plan=PLANS[group["name"]], engine=engine, **arrays))
        tail = {name: float(group["tail"][name]) for name in ("threshold", "share", "scale", "independent")}
        tails.append(Tail(_numbers(file[f"{key}.scores"]), **tail))
        centers.append(_numbers(file[f"{key}.start"]))
    limits = {str(name): [float(one) for one in numbers] for name, numbers in facts["limits"].items()}
    arrays: dict[str, Any] = {name: _numbers(file[f"{number}.{name}"]) for name in _STREAM_ARRAYS}
    model = StreamModel(
        channels=channels,
        window=int(facts["window"]),
        groups=tuple(groups),
        tails=tuple(tails),
        centers=tuple(centers),
        disjoint=float(facts["disjoint"]),
        limits=limits,
        seconds=float(facts["seconds"]),
        tests=float(facts.get("tests", len(groups))),
        **arrays,
    )
    _check(model)
    return model


def _numbers(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError("its numbers must be finite float64")
    return array


def _check(model: StreamModel) -> None:
    """Refuse arrays and numbers that do not go together."""
    kinds = {channel.kind for channel in model.channels}
    rates = {channel.rate for channel in model.channels}
    if kinds not in ({"level"}, {"waveform"}) or len(rates) != 1 or not 0 < model.rate < _MOST_RATE:
        raise ValueError("its channels do not go together")
    if not (0 < model.window <= _MOST_WINDOW and model.groups and model.disjoint > 0 and model.seconds > 0):
        raise ValueError("its window is none")
    wave = "waveform" in kinds
    if wave and len(model.channels) > 1:
        raise ValueError("its channels do not go together")
    widths = _widths(model, wave)
    for group, tail, center in zip(model.groups, model.tails, model.centers, strict=True):
        d = widths[group.plan.features]
        e = d * (1 + group.plan.two_sided)
        k = group.factors.shape[-1]
        wide = (group.plan.width(d, k),)
        factors = (e, k) if group.plan.factored else (0, 0)
        shapes = [group.center.shape, group.scale.shape, center.shape, group.mean.shape, group.spread.shape]
        sized = shapes == [(d,), (d,), (d,), wide, wide] and group.factors.shape == factors
        if not sized or bool(k) != group.plan.factored:
            raise ValueError("its groups do not go together")
        if (
            (group.factors.size and group.factors.min() < 0)
            or not (group.scale > 0).all()
            or not (group.spread > 0).all()
        ):
            raise ValueError("its scales and factors must not be negative")
        sound = tail.scores.ndim == 1 and len(tail.scores) > 1 and (np.diff(tail.scores) >= 0).all()
        if not (sound and 0 < tail.share <= 1 and tail.scale > 0 and tail.independent >= 1):
            raise ValueError("its scores are none")
    d = len(model.groups[0].center)
    count = len(model.example_times)
    limits = [len(model.limits["run"]), len(model.limits["quiet"]), len(model.limits["clipped"])]
    scaled = len(model.limits.get("largest", model.channels)) == len(model.channels)
    ok = scaled and model.examples.shape == (count, d) and model.example_times.ndim == 1
    if not (0 < model.unit < np.inf and 1 <= model.tests <= len(model.groups)):
        raise ValueError("its unit or number of tests is none")
    if not ok or limits != [len(model.channels), len(model.channels), 1] or model.drift.shape != (d,):
        raise ValueError("its examples do not go together")


def _widths(model: StreamModel, wave: bool) -> dict[str, int]:
    if not wave:
        return {"mean": len(model.channels), "spread": len(model.channels)}
    if model.rate < 50:
        raise ValueError("its rate is that of no waveform")
    extract = WaveformFeatures(model.rate)
    bands = len(extract.bands)
    return {
        "envelope": len(extract.envelope_hertz),
        "kurtosis": bands,
        "level": bands,
        "spectrum": len(extract.spectrum_hertz),
    }
